"""AWS, asked through botocore: loaded only where a writer, a source or a secret of AWS is configured."""
