"""From a question to a page: history, ladder, scores, filters, page, reasons."""
