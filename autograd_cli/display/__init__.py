"""What people see. Records and batches go in; text or rich renderables come out."""
