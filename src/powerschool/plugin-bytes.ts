// The plugin as an administrator uploads it, and what an uploaded one is: a zip, or the bare manifest.
import { strFromU8, strToU8, type UnzipFileInfo, unzipSync, zipSync } from 'fflate'
import { MANIFEST, MANIFEST_NAMESPACE, type PluginFile } from './plugin.ts'
import { unescapeXml } from './plugin-xml.ts'

/** `zip` with the queries; `xml` the bare manifest. */
export type PluginForm = 'zip' | 'xml'

/** Of the machine's own time zone, as a zip tells it: so the bytes are the same everywhere and always. */
const MODIFIED = () => new Date(2000, 0, 1, 12)
const LARGEST_FILE = 4 << 20

/** The same files give the same bytes. */
export function packPlugin(files: readonly PluginFile[], form: PluginForm): Uint8Array {
  if (form === 'xml') return strToU8(files.find(({ path }) => path === MANIFEST)?.text ?? '')
  const entries = files.map(({ path, text }) => [path, strToU8(text)] as const)
  return zipSync(Object.fromEntries(entries), { mtime: MODIFIED(), level: 9 })
}

export interface PackedPlugin {
  readonly name: string
  /** Empty when it tells none. */
  readonly version: string
}

/** Name and version of a plugin, packed or bare; `undefined` when the bytes are no plugin. */
export function readPlugin(bytes: Uint8Array): PackedPlugin | undefined {
  const text = isZip(bytes) ? manifestOf(bytes) : strFromU8(bytes.subarray(0, LARGEST_FILE))
  const [, tag = ''] = /<plugin(\s(?:[^<>"']|"[^"<]*"|'[^'<]*')*)>/.exec(withoutComments(text)) ?? []
  const attributes = new Map(
    [...tag.matchAll(/\s([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(([, key = '', double, single]) => [
      key,
      unescapeXml(double ?? single ?? ''),
    ]),
  )
  const name = attributes.get('name')
  if (name === undefined || attributes.get('xmlns') !== MANIFEST_NAMESPACE) return undefined
  return { name, version: attributes.get('version') ?? '' }
}

function manifestOf(bytes: Uint8Array): string {
  const isManifest = ({ name, originalSize }: UnzipFileInfo) => name === MANIFEST && originalSize <= LARGEST_FILE
  try {
    return strFromU8(unzipSync(bytes, { filter: isManifest })[MANIFEST] ?? new Uint8Array())
  } catch {
    // Damaged, so that it is no plugin either.
    return ''
  }
}

/** By the first bytes of every zip that has a file in it. */
function isZip([first, second, third, fourth]: Uint8Array): boolean {
  return first === 0x50 && second === 0x4b && third === 3 && fourth === 4
}

function withoutComments(text: string): string {
  return text.replace(/<!--[\s\S]*?(?:-->|$)/g, '')
}
