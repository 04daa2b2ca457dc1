// `bridge plugin`: writes the plugin that a PowerSchool administrator installs, and tells what it asks for.
import { DEFAULT_PLUGIN_QUERIES } from '../config.ts'
import { pluginFiles } from '../powerschool/plugin.ts'
import { type PluginForm, packPlugin } from '../powerschool/plugin-bytes.ts'
import { type ChosenVersion, chooseVersion, isVersion, type KnownPlugin } from '../powerschool/plugin-version.ts'
import { DEFAULT_PROFILE } from '../store/profile.ts'
import type { Command, CommandInput } from './command.ts'
import { print, printJson, say } from './output.ts'
import { type OwnMapping, ownMapping } from './own-mapping.ts'
import { contentDigest, type PluginMemory, readMemory, remember } from './plugin-memory.ts'
import { isEqual, type PresentPlugin, readPresent } from './plugin-present.ts'
import { askedColumns, type PluginRequest, pluginRequest, restRequest } from './plugin-request.ts'
import { columnsMarkdown } from './plugin-table.ts'
import { administratorSteps, countColumns, describeColumns, describeQueries } from './plugin-text.ts'
import { PROFILE_OPTION, PROFILE_USAGE } from './profile.ts'
import { writeWhole } from './write-whole.ts'

const USAGE = [
  'bridge plugin --out FILE [--profile ID] [--rest-only] [--mapping FILE] [--json]',
  'bridge plugin --columns [--profile ID] [--mapping FILE] [--json]',
  '',
  '  --out FILE      where to write it: a .zip, with --rest-only a .xml too; an older plugin of the same name is replaced',
  '  --rest-only     the bare manifest: it opens /ws/v1 and asks for no column',
  '  --mapping FILE  an overlay, instead of the one that MAPPING names',
  PROFILE_USAGE,
  '  --columns       prints the columns of all sources as a Markdown table, and writes nothing',
  '',
  'PLUGIN_NAME, PLUGIN_PUBLISHER, PLUGIN_EMAIL and PLUGIN_QUERIES name it. The version rises when the content changed;',
  'DATA_DIR/plugin.json remembers the last one.',
].join('\n')

export const pluginCommand: Command = {
  name: 'plugin',
  summary: 'Writes the plugin for PowerSchool, and tells which columns it asks for and why.',
  usage: USAGE,
  options: { ...PROFILE_OPTION, out: 'value', 'rest-only': 'flag', mapping: 'value', columns: 'flag' },
  positionals: 0,
  async run(input) {
    const { values, flags, isJson } = input
    const { out, mapping: overlay } = values
    const isRestOnly = flags.has('rest-only')
    const misuse = findMisuse(out, overlay, flags)
    if (misuse !== undefined) {
      say(`${misuse}\n\n${USAGE}`)
      return 2
    }
    const own = ownMapping(input)
    if (out === undefined) return tellColumns(own, isJson)
    return makePlugin(out, isRestOnly, own, input)
  },
}

function findMisuse(
  out: string | undefined,
  overlay: string | undefined,
  flags: ReadonlySet<string>,
): string | undefined {
  const isRestOnly = flags.has('rest-only')
  if (overlay === '') return '--mapping is empty. Name an overlay file, or leave it out.'
  if (isRestOnly && overlay !== undefined) return '--rest-only asks for no column, so leave --mapping out.'
  if (flags.has('columns')) {
    return out === undefined && !isRestOnly ? undefined : '--columns writes no file: leave --out and --rest-only out.'
  }
  if (out === undefined || out === '') return `Where to? Write --out plugin.${isRestOnly ? 'xml' : 'zip'}.`
  if (isRestOnly || !/\.xml$/i.test(out)) return undefined
  return 'A plugin with queries is a zip, and PowerSchool goes by the ending: write --out FILE.zip, or --rest-only for the bare .xml.'
}

/** PowerSchool goes by the ending of the name. The bare manifest may be packed too. */
function formOf(out: string, isRestOnly: boolean): PluginForm {
  return isRestOnly && !/\.zip$/i.test(out) ? 'xml' : 'zip'
}

function tellColumns(own: OwnMapping, isJson: boolean): number {
  const columns = askedColumns(own.load().sources)
  if (isJson) printJson({ columns })
  else print(columnsMarkdown(columns))
  return 0
}

function makePlugin(
  out: string,
  isRestOnly: boolean,
  { profile, config, load }: OwnMapping,
  { values, isJson }: CommandInput,
): number {
  const form = formOf(out, isRestOnly)
  const { name, queries } = config.plugin
  const present = readPresent(out, name)
  // Another profile has no setting that names its layers.
  const mappingPath = isRestOnly || profile !== DEFAULT_PROFILE ? undefined : (values.mapping ?? config.mapping)
  const request = isRestOnly ? restRequest(config.plugin) : pluginRequest(load(), config.plugin)
  const known = memoryName(name, profile)
  const bytesOf = (version: string) => packPlugin(pluginFiles(request.plugin, version), form)
  const memory = readMemory(config.dataDir)
  const digest = contentDigest(pluginFiles(request.plugin, ANY_VERSION))
  const chosen = chooseVersion(
    [...rememberedPlugin(memory[known], digest), ...presentPlugin(present, bytesOf)],
    Date.now(),
  )
  // First, so that a version that has left this machine is never given to another content.
  remember(config.dataDir, memory, known, chosen.version, digest)
  writeWhole(out, bytesOf(chosen.version))
  const settings = [
    ...(queries === DEFAULT_PLUGIN_QUERIES || isRestOnly ? [] : [`PLUGIN_QUERIES=${queries}`]),
    ...(mappingPath === undefined ? [] : [`MAPPING=${mappingPath}`]),
  ]
  tell({ out, form, request, chosen, settings }, isJson)
  return 0
}

/** Each PowerSchool has a plugin of its own, which rises with its own content. */
const memoryName = (name: string, profile: string) => (profile === DEFAULT_PROFILE ? name : `${name} of ${profile}`)

const ANY_VERSION = '0'

function rememberedPlugin(entry: PluginMemory[string] | undefined, digest: string): readonly KnownPlugin[] {
  return entry === undefined ? [] : [{ version: entry.version, isSame: entry.digest === digest }]
}

function presentPlugin(
  present: PresentPlugin | undefined,
  bytesOf: (version: string) => Uint8Array,
): readonly KnownPlugin[] {
  if (present === undefined || !isVersion(present.version)) return []
  return [{ version: present.version, isSame: isEqual(present.bytes, bytesOf(present.version)) }]
}

interface Made {
  readonly out: string
  readonly form: PluginForm
  readonly request: PluginRequest
  readonly chosen: ChosenVersion
  readonly settings: readonly string[]
}

function tell({ out, form, request, chosen, settings }: Made, isJson: boolean): void {
  const { plugin, queries, columns } = request
  const { version, isNew, before } = chosen
  const steps = administratorSteps({ file: out, hasQueries: queries.length > 0, settings })
  if (isJson) {
    printJson({ file: out, form, name: plugin.name, version, isNew, before, queries, columns, steps })
    return
  }
  const news = isNew ? `new${before === undefined ? '' : `; before it ${before}`}` : 'unchanged'
  const asks =
    queries.length === 0
      ? ['It opens /ws/v1 for reading, and asks for no column.']
      : [
          `Queries (${queries.length}):`,
          '',
          describeQueries(queries),
          '',
          `It opens /ws/v1 for reading, and asks to read ${countColumns(columns)}:`,
          '',
          describeColumns(columns),
        ]
  const lines = [
    `${out}: plugin "${plugin.name}", version ${version} (${news})`,
    '',
    ...asks,
    '',
    'What the administrator does:',
    '',
    ...steps.map((step, at) => `${at + 1}. ${step}`),
  ]
  print(lines.join('\n'))
}
