// `bridge mapping init`: writes a layer to begin with.
import { writeFileSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { BridgeError } from '../errors.ts'
import { settingDocs } from '../mapping/editor/setting-docs.ts'
import { readMappingFiles } from '../node/mapping-files.ts'
import type { Command } from './command.ts'
import { SCHEMA_FILE } from './mapping-folder.ts'
import { print, printJson, say } from './output.ts'
import { starterLayer } from './starter-layer.ts'

const USAGE = `bridge mapping init [FILE]

  FILE  where to write the layer, mapping.yaml when it is left out; what is there already is kept

It changes nothing yet: every setting of the default mapping and an example of each usual change stand in it as comments.`

export const mappingInitCommand: Command = {
  name: 'mapping init',
  summary: 'Writes a layer to begin with: every setting and each usual change, in comments.',
  usage: USAGE,
  options: {},
  positionals: [0, 1],
  async run({ words: [path = 'mapping.yaml'], isJson }) {
    if (path === '') {
      say(`FILE is empty. Name it, or leave it out.\n\n${USAGE}`)
      return 2
    }
    const schema = relative(dirname(resolve(path)), SCHEMA_FILE)
      .split(sep)
      .join('/')
    if (!writeNew(path, starterLayer(schema, settingDocs(readMappingFiles())))) {
      say(`${path} is there already, and was not changed. Name another file, or remove it first.`)
      return 1
    }
    if (isJson) printJson({ file: path })
    else print(nextSteps(path))
    return 0
  },
}

const nextSteps = (path: string) => `${path} is written. It changes nothing yet.

1. Open it in an editor, and take the lines that you want out of their comments.
2. Check it:           npm run bridge -- mapping check --mapping ${path} --watch
3. Run its examples:   npm run bridge -- mapping test --mapping ${path}
4. See what changes:   npm run bridge -- mapping preview --mapping ${path}
5. Use it: set MAPPING=${path} and start the bridge again.`

/** False when there is a file of this name. */
function writeNew(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' })
    return true
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    throw new BridgeError('settings-invalid', `${path} cannot be written (${code}).`, {
      remedy: 'Name a file in a folder that is there and that this user may write in.',
      cause,
    })
  }
}
