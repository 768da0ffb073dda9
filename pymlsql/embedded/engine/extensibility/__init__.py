"""External languages and libraries: what T-SQL says of them, and the interpreters that run them."""
