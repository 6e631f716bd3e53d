"""The one-file HTML report: its template, style, script, and the page that joins them."""
