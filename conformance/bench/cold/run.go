package cold

const ours = "turso-coop"
