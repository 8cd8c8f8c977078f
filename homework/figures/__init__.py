"""What this report draws: functions on axes that the caller owns."""
