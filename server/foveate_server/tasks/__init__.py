"""What passes between jobs and workers: tasks, and the messages about them."""
