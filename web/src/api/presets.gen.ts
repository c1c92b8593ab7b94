/* Made by `npm run generate` from src/conclave/meetings/presets.json: do not edit. */

export const PRESETS = {
  "guarded": {
    "entrance": {
      "who": "link",
      "waiting": "uninvited",
      "before_host": true
    },
    "policy": {
      "rights": {
        "share": "few"
      }
    }
  },
  "open": {
    "entrance": {
      "who": "link",
      "waiting": "nobody",
      "before_host": true
    },
    "policy": {}
  },
  "school": {
    "entrance": {
      "who": "link",
      "waiting": "strangers",
      "before_host": false
    },
    "policy": {
      "rights": {
        "rename": "hosts",
        "share": "hosts"
      }
    }
  },
  "confidential": {
    "entrance": {
      "who": "link",
      "waiting": "everybody",
      "before_host": false
    },
    "policy": {
      "locked": true,
      "strict": true
    }
  }
} as const;
