"""3.1.3: the task-specific representation, an LSTM's last hidden state."""
