from applications.models.case import Application, Submission
from applications.models.coverage import CoverageRun, CoverageTally
from applications.models.documents import Document
from applications.models.holdings import Holding, HoldingStatement
from applications.models.monitoring import OutcomeTally, Shift
from applications.models.notices import Notice
from applications.models.outreach import Contact, Outreach, OutreachPlan
from applications.models.review import Assessment, Decision, Note, Offer, Recommendation, Supplement
from applications.models.screening import Evidence, Screening
from applications.models.steps import Step

__all__ = [
    "Application",
    "Assessment",
    "Contact",
    "CoverageRun",
    "CoverageTally",
    "Decision",
    "Document",
    "Evidence",
    "Holding",
    "HoldingStatement",
    "Note",
    "Notice",
    "Offer",
    "OutcomeTally",
    "Outreach",
    "OutreachPlan",
    "Recommendation",
    "Screening",
    "Shift",
    "Step",
    "Submission",
    "Supplement",
]
