"""The policy desk of the admin site: own pages, next to the data pages of `products.admin`."""
