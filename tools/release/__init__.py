"""What is built for a release, and what it must withstand."""
