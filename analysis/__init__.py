"""2 analyse: Mention -> Analysis, pure; and numbers over time: changes, spikes."""
