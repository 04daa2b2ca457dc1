// `bridge mapping preview`: what a changed mapping would do to the records, before anybody sees it.
import { readFileSync } from 'node:fs'
import { createPresent } from '../district.ts'
import { BridgeError } from '../errors.ts'
import { mappingSettings } from '../mapping-settings.ts'
import { STORAGE } from '../oneroster/storage.ts'
import type { Identities } from '../preview/matching.ts'
import { previewMapping, requireStaged } from '../preview/preview.ts'
import { stagedInput } from '../sync/staged-input.ts'
import type { Command } from './command.ts'
import { readIdentities } from './identities.ts'
import { print, printJson, say } from './output.ts'
import { OWN_USAGE, ownMapping } from './own-mapping.ts'
import { previewText } from './preview-text.ts'
import { PROFILE_OPTION } from './profile.ts'
import { withStore } from './store.ts'

const USAGE = [
  'bridge mapping preview [--profile ID] [--mapping FILE] [--identities FILE] [--samples N] [--show-values] [--json]',
  '',
  OWN_USAGE,
  '  --identities FILE  accounts of a directory (one a line, or a CSV with a heading such as userPrincipalName):',
  '                     tells how many students and staff would match them',
  '  --samples N        records that are shown of each difference (5)',
  '  --show-values      shows them as they are; otherwise letters and digits are masked',
  '',
  'It maps the rows of the last crawl that the store in DATA_DIR holds, compares them with the snapshot, and writes nothing.',
  'Exit code 0, also when the guard would hold such a sync.',
].join('\n')

export const mappingPreviewCommand: Command = {
  name: 'mapping preview',
  summary: 'Tells what a changed mapping would publish: records and fields that change, and accounts that match.',
  usage: USAGE,
  options: { ...PROFILE_OPTION, mapping: 'value', identities: 'value', samples: 'value', 'show-values': 'flag' },
  positionals: 0,
  async run(input) {
    const { values, flags, isJson } = input
    const samples = Number(values.samples ?? '5')
    if (!Number.isSafeInteger(samples) || samples < 0 || values.mapping === '' || values.identities === '') {
      say(`--samples takes a whole number, --mapping and --identities name a file.\n\n${USAGE}`)
      return 2
    }
    const identities = values.identities === undefined ? undefined : identitiesIn(values.identities)
    const own = ownMapping(input)
    const { config } = own
    return withStore(input, async (sql) => {
      const mapping = own.load()
      const settings = mappingSettings(config)
      // Rows are looked up all over the file.
      sql.mapFile(true)
      // Under one reading: a sync of another process must not change rows or records under it.
      sql.run('begin')
      try {
        const staged = requireStaged(stagedInput({ sql, mapping, settings, queryPrefix: config.plugin.queries }))
        const preview = previewMapping({
          sql,
          mapping,
          staged,
          collections: STORAGE,
          present: createPresent(),
          guard: { share: config.guardShare, minimum: config.guardMin },
          samples,
          showsValues: flags.has('show-values'),
          ...(identities === undefined ? {} : { identities }),
        })
        if (isJson) printJson(preview)
        else print(previewText(preview))
      } finally {
        sql.run('rollback')
      }
      return 0
    })
  },
}

function identitiesIn(path: string): Identities {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new BridgeError('settings-invalid', `${path} cannot be read (${code}).`, {
      remedy: 'Name a file with the accounts: one a line, or a CSV.',
      cause,
    })
  }
  return readIdentities(textOf(bytes), path)
}

/** PowerShell's `>` writes UTF-16, which its first two bytes tell. */
function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  return new TextDecoder(isUtf16 ? (first === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8').decode(bytes)
}
