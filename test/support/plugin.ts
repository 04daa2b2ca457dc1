// The plugin that `bridge plugin` writes for a mapping, for PowerSchool's double to install.
import { pluginRequest } from '../../src/cli/plugin-request.ts'
import { type PluginSettings, readConfig } from '../../src/config.ts'
import type { Mapping } from '../../src/mapping/run/compile.ts'
import { readProfileMapping } from '../../src/node/mapping-files.ts'
import { pluginFiles } from '../../src/powerschool/plugin.ts'
import { packPlugin } from '../../src/powerschool/plugin-bytes.ts'

export function pluginOf(
  mapping: Mapping,
  settings: PluginSettings = defaultSettings(),
  version = '1.0.0',
): Uint8Array {
  return packPlugin(pluginFiles(pluginRequest(mapping, settings).plugin, version), 'zip')
}

/** Of the default mapping. */
export function defaultPlugin(version?: string): Uint8Array {
  return pluginOf(readProfileMapping(undefined), defaultSettings(), version)
}

function defaultSettings(): PluginSettings {
  const read = readConfig({}, { needsPowerSchool: false })
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  return read.config.plugin
}
