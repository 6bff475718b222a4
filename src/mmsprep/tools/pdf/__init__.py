"""What is done with a PDF: judged, cleaned, shrunk, compared with what it was, drawn."""
