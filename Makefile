# What a developer types. `make` alone lists it.
.DEFAULT_GOAL := help
python := .venv/bin/python
.PHONY: help setup check dev test bench bench-turn bench-prefix bench-page bench-mqtt bench-gateway bench-gateway-pair chaos-mqtt soak-mqtt check-litellm screenshots lock openapi cluster chaos soak bench-replicas audit sbom

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## install everything, for developing too
	@./scripts/test --install

check:  ## format, lint, types, import contracts, fast tests; known weaknesses of packages where they can be asked for
	@./scripts/test --check
	@$(python) scripts/audit.py

audit:  ## known weaknesses of the pinned packages
	@$(python) scripts/audit.py

sbom:  ## what the portal is made of, as CycloneDX: sbom.json
	@$(python) scripts/sbom.py

dev:  ## the portal and the page, both reloading when a file changes
	@$(python) scripts/dev.py

test:  ## everything that must pass
	@./scripts/test

bench: bench-turn bench-prefix bench-page bench-mqtt bench-gateway  ## all benchmarks

bench-turn:  ## what a turn costs over asking the model server directly
	@$(python) -m bench.turn

bench-prefix:  ## prompt tokens computed with our trimming and with a sliding window
	@$(python) -m bench.prefix

bench-page:  ## how quick the page is in a browser, beside its budgets
	@npm --prefix frontend run --silent build -- --logLevel error
	@$(python) -m bench.page

bench-gateway:  ## what /v1 costs beside nginx, Portkey and LiteLLM, each on one core; installs what is missing into .cache
	@$(python) -m bench.gateway

bench-gateway-pair:  ## the CPU of a request through /v1 here, beside another commit's in the same run: BASE=HEAD~3
	@$(python) -m bench.gateway_pair --base $(BASE)

bench-mqtt:  ## what a request over MQTT costs over an echo at the same broker; nothing lost, nothing twice
	@$(python) -m bench.mqtt

chaos-mqtt:  ## kill bridges, broker, database and Redis under 10,000 requests over MQTT, and count
	@$(python) -m bench.chaos_mqtt

soak-mqtt:  ## a hundred devices that play: memory, queues and files before and after
	@$(python) -m bench.soak_mqtt

cluster:  ## two portals behind nginx, PostgreSQL and Redis, as processes of this machine
	@$(python) -m bench.cluster

check-litellm:  ## the adapter to LiteLLM on the real library, in an environment of its own
	@$(python) bench/check_litellm.py

chaos:  ## kill each part of such a cluster in turn, fill a disk, turn a clock, slow the database; count what was lost
	@$(python) -m bench.chaos $(ONLY) $(ARGS)

soak:  ## 200 mixed clients for half an hour: what grows, and whether it gets slower (ARGS="--minutes 5")
	@$(python) -m bench.soak $(ARGS)

bench-replicas:  ## requests of two portals behind nginx beside one
	@$(python) -m bench.replicas

screenshots:  ## pictures of every page into docs/screenshots
	@$(python) -m bench.screenshots

lock:  ## write the hash-pinned package lists anew
	@./scripts/lock

openapi:  ## write docs/openapi.json from the routes
	@./scripts/openapi
	@cd frontend && npm run -s schemas
