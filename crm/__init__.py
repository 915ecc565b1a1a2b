"""Where records come from and stay: data folders, the store, the simulator."""
