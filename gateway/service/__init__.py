"""The running service: feeds by their schedules, in the one process that holds the scheduler's lease."""
