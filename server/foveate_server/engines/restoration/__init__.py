"""Networks that restore and enlarge: Real-ESRGAN's family, and others through spandrel."""
