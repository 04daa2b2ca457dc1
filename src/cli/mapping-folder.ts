// Where the default mapping is, and the schema for editors beside it.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const MAPPINGS = fileURLToPath(new URL('../../mappings', import.meta.url))

export const SCHEMA_FILE = join(MAPPINGS, 'mapping.schema.json')
