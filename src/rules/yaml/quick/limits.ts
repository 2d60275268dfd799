/** Above these the whole reader decides. */
export const deepest = 60
export const mostNodes = 400_000
export const longestKey = 1000
