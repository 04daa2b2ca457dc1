// Names the default mapping. In the bundle a digest stands here that was made of its files and of the code that reads them, so
// that an object that only serves has to load neither.
import { textDigest } from '../profiles/mapping-name.ts'
import { MAPPING_FILES } from './mapping-files.ts'

export const mappingDigest = (): Promise<string> => textDigest(JSON.stringify(MAPPING_FILES))
