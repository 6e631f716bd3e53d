"""What comes from outside, checked before it is used: texts, words, encoders, the hub."""
