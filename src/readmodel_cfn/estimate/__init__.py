"""What a read model costs a month: prices with their sources, sizes of documents, arithmetic."""
