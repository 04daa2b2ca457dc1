// What PowerSchool demands of a plugin, checked before an administrator meets a refusal without a reason.
import { BridgeError } from '../errors.ts'
import type { Plugin, PluginColumn } from './plugin.ts'
import { type Breach, duplicatesOf, MEND_MAPPING, nameOf, quote } from './plugin-breach.ts'
import { queryBreaches } from './plugin-query-rules.ts'
import { isVersion } from './plugin-version.ts'
import { isXmlText } from './plugin-xml.ts'

const LONGEST = { name: 40, publisher: 100, email: 40 } as const
/** Tables and columns of Oracle, as `access_request` takes them. */
const COLUMN_NAME = /^[A-Z][A-Z0-9_$#]{0,29}$/

/** Refuses with `settings-invalid`, all breaches at once. */
export function refuseBreaches(plugin: Plugin, version: string): void {
  const breaches = [...manifestBreaches(plugin, version), ...columnBreaches(plugin.columns), ...queryBreaches(plugin)]
  if (breaches.length === 0) return
  const lines = breaches.map(({ message, remedy }) => `  ${message}\n    ${remedy}`)
  throw new BridgeError('settings-invalid', ['PowerSchool would refuse the plugin:', ...lines].join('\n\n'))
}

function manifestBreaches(plugin: Plugin, version: string): readonly Breach[] {
  return [
    ...textBreaches('PLUGIN_NAME', plugin.name, LONGEST.name),
    ...textBreaches('PLUGIN_PUBLISHER', plugin.publisher, LONGEST.publisher),
    ...textBreaches('PLUGIN_EMAIL', plugin.email, LONGEST.email, { isShown: false }),
    ...(isVersion(version)
      ? []
      : [
          {
            message: `The version ${quote(version)} is not at most 20 digits and dots.`,
            remedy: 'Remove plugin.json from DATA_DIR, so that the version is made anew.',
          },
        ]),
  ]
}

function textBreaches(setting: string, text: string, longest: number, { isShown = true } = {}): readonly Breach[] {
  const found = isShown ? ` (found: ${quote(text)})` : ''
  // The schema counts code points.
  const length = [...text].length
  if (length === 0) return [{ message: `${setting} is empty.`, remedy: `Give 1 to ${longest} characters.` }]
  if (length > longest) {
    return [
      {
        message: `${setting} has ${length} characters, and PowerSchool takes ${longest}${found}.`,
        remedy: `Shorten ${setting}.`,
      },
    ]
  }
  if (isXmlText(text)) return []
  return [
    {
      message: `${setting} has a character that no XML can hold.`,
      remedy: `Write ${setting} in printable characters.`,
    },
  ]
}

function columnBreaches(columns: readonly PluginColumn[]): readonly Breach[] {
  const names = columns.map(nameOf)
  return [
    ...columns.filter((column) => !isColumn(column)).map((column) => notColumn(nameOf(column))),
    ...duplicatesOf(names).map((name) => ({ message: `${name} is asked for twice.`, remedy: MEND_MAPPING })),
  ]
}

function notColumn(name: string): Breach {
  return {
    message: `${quote(name)} is no table and column of at most 30 characters each, in capitals.`,
    remedy: MEND_MAPPING,
  }
}

function isColumn({ table, column }: PluginColumn): boolean {
  return COLUMN_NAME.test(table) && COLUMN_NAME.test(column)
}
