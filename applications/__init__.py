"""THE CASE: an application from draft to decision, its documents, screening, review and offer."""
