// Loads, checks and compiles the default mapping with the layer that is named, once in a new process, and prints how long it took.
import { loadMapping } from '../../src/load-mapping.ts'
import { readLayers, readMappingFiles } from '../../src/node/mapping-files.ts'

const start = performance.now()
loadMapping(readMappingFiles(), readLayers(process.argv[2]))
console.log(performance.now() - start)
