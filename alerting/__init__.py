"""5 alert: rules -> incidents -> channels, through an outbox."""
