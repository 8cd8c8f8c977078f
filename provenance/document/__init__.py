"""From records to a PDF: claims, templates, listings of code, TeX."""
