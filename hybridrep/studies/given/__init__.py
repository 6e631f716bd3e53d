"""Representations that were made elsewhere, compared by any measure, with inference over items."""
