"""One job and many: what a host must offer, the flow of a job, and the list of all of them."""
