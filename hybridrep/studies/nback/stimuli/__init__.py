"""Objects, rendered or a user's own, at four places of a frame, and which of them train."""
