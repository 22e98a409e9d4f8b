"""The demonstration: a conversation that ships with factloom, and what it takes to show it or any other one."""
