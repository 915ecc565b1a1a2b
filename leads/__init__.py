"""The vocabulary of leadscore: records, pipelines, timelines, views, outcomes and errors."""
