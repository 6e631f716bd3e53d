"""Networks compared by measures of similarity, on trials that all of them are shown."""
