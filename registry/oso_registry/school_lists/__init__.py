"""School lists: the ministry's open data of who gives education where, and how it is registered.

bytes -> `reading` -> rows and rejections -> `stating` -> what is said of each school ->
`comparing` with what is registered -> a plan -> `registering` in one transaction. All but the last
is pure.
"""
