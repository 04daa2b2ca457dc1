// Where the processes that tests start keep what Node compiled: halves the start of each, and a whole run starts hundreds.
import { join } from 'node:path'

export const COMPILE_CACHE = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'tests')
