// What is wrong with the mapping of a body: its layers, and its settings, each where a person has written it.
import { nearestWord } from '../auth/nearest.ts'
import { NO_LAYERS } from '../mapping/files/layers.ts'
import type { MappingFile } from '../mapping/files/load.ts'
import { ownSettings, type ProfileSettings } from './body.ts'
import { identitySettings } from './body-identity.ts'
import { isObject } from './body-merge.ts'
import type { Parts } from './body-parts.ts'
import { layersOf, mappingFault, withSettings } from './layers.ts'
import type { MappingShelf } from './mapping-shelf.ts'

type Mapped = Pick<ProfileSettings, 'mapping' | 'settings' | 'identitySynchronizationConfiguration'>

/** The engine's own, which can be pinned. */
const START_YEAR = 'start_year'

/** One text is a layer, too. */
export function withLayers(body: unknown): unknown {
  if (!isObject(body) || typeof body.mapping !== 'string') return body
  return { ...body, mapping: { layers: [{ path: 'profile.yaml', text: body.mapping }] } }
}

/** As far as it can be known: which settings there are is not, while the layers that may have them cannot be read. */
export async function mappingFaults({ sound, faulty }: Parts<Mapped>, mappings: MappingShelf): Promise<string[]> {
  const files = sound.mapping?.layers ?? []
  const ofDefault = [...Object.keys((await mappings.load(NO_LAYERS)).settings), START_YEAR]
  const given = Object.entries(ownSettings(sound))
  const settings = Object.fromEntries(
    faulty.has('mapping') ? given.filter(([name]) => ofDefault.includes(name)) : given,
  )
  const repeated = files.flatMap(({ path }, place) =>
    files.findIndex((file) => file.path === path) < place
      ? [`\`mapping.layers.${place}.path\` is ${path} again. Give each layer a name of its own.`]
      : [],
  )
  const { found, unused } = layersOf(files)
  const idle = unused.map(
    (path) => `\`mapping\`: nothing extends the layer ${path}. Let the layer above it say \`extends: ${path}\`.`,
  )
  const diagnostics = await mappings.check(withSettings(found, settings))
  const faults = [...repeated, ...idle, ...diagnostics.map((diagnostic) => mappingFault(diagnostic, files))]
  const names = Object.keys(settings).filter((name) => !faults.some((fault) => fault.includes(`settings.${name}\``)))
  return [...faults, ...unknownSettings(names, files, ofDefault)]
}

/** What neither the default mapping nor a layer has a word of would be taken, and change nothing. */
function unknownSettings(
  names: readonly string[],
  files: readonly MappingFile[],
  ofDefault: readonly string[],
): string[] {
  const known = new Set([...ofDefault, ...files.flatMap(({ text }) => text.match(/\w+/g) ?? [])])
  return names
    .filter((name) => !known.has(name))
    .map((name) => {
      const near = nearestWord(name, ofDefault, 3)
      const hint = near === undefined ? 'mappings/settings.yaml has those that there are.' : `Did you mean \`${near}\`?`
      return `\`settings.${name.slice(0, 100)}\` is no setting of the mapping. ${hint}`
    })
}

/** Two places that say the same would leave open which one counts. */
export function repeatedSettings({
  settings,
  identitySynchronizationConfiguration: identity,
}: Partial<Mapped>): string[] {
  const elsewhere: Readonly<Record<string, string>> = {
    schools: 'dataProvider.schoolsIds',
    [START_YEAR]: 'dataProvider.schoolYear',
    ...Object.fromEntries(
      Object.keys(identity ? identitySettings(identity) : {}).map((name) => [
        name,
        'identitySynchronizationConfiguration',
      ]),
    ),
  }
  return Object.keys(settings ?? {}).flatMap((name) =>
    Object.hasOwn(elsewhere, name)
      ? [`\`settings.${name}\` is what \`${elsewhere[name]}\` says. Give it there alone.`]
      : [],
  )
}

export const saidByEnvironment = (name: string) =>
  `\`settings.${name}\` is what the setting ${name === START_YEAR ? 'SCHOOL_YEAR' : 'SCHOOLS'} says. Change it there, or unset it.`
