"""What FiLo++ is compared with, each as a part that the one detector takes in place of its own."""
