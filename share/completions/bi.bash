# Bash completions of all programs of bi. When this file is installed, it begins with tables that
# share/completions/generate makes from the --help of the programs.
# shellcheck shell=bash disable=SC2154 # those tables

# Prints the names of the batches, of the root that the command line names.
_bi_batches() {
	local i root=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-r | --root) root=(--root "${COMP_WORDS[i + 1]}") ;;
		esac
	done
	bi-status "${root[@]}" --json --limit 0 2>/dev/null | sed -n 's/.*"name":"\([^"]*\)".*/\1/p'
}

# Stores the words that begin with $2 and are values of $1, a word in capitals from a usage, in COMPREPLY.
_bi_values() {
	COMPREPLY=()
	case $1 in
	DIR | FOLDER) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
	BATCH | NAME) mapfile -t COMPREPLY < <(compgen -W "$(_bi_batches)" -- "$2") ;;
	FILE) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
	esac
	case $1 in DIR | FOLDER | FILE) compopt -o filenames 2>/dev/null ;; esac
}

# Completes an operand of the program $1 that begins with $2: a verb and its operands if the program has verbs.
_bi_operand() {
	local i verb='' form kind
	local -a forms=() kinds=() words=() all=()

	IFS='|' read -ra forms <<<"${_bi_operands[$1]}"
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* ]] || verb=${verb:-${COMP_WORDS[i]}}
	done
	for form in "${forms[@]}"; do
		read -ra words <<<"$form"
		if [[ ${words[0]} != *[a-z]* ]]; then
			kinds+=("${words[@]}")
		elif [[ -z $verb ]]; then
			all+=("${words[0]}")
		elif [[ $verb == "${words[0]}" ]]; then
			kinds=("${words[@]:1}")
			break
		fi
	done
	for kind in "${kinds[@]}"; do
		_bi_values "$kind" "$2"
		all+=("${COMPREPLY[@]}")
	done
	COMPREPLY=()
	for form in "${all[@]}"; do
		[[ $form != "$2"* ]] || COMPREPLY+=("$form")
	done
}

_bi() {
	local program=${COMP_WORDS[0]##*/} current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} option
	local -a names=()

	COMPREPLY=()
	# `bi PROGRAM` takes the same arguments as the program.
	if [[ $program == bi && $COMP_CWORD -gt 1 && ${_bi_options[bi-${COMP_WORDS[1]}]-} ]]; then
		program=bi-${COMP_WORDS[1]}
		local -a COMP_WORDS=("$program" "${COMP_WORDS[@]:2}")
		local COMP_CWORD=$((COMP_CWORD - 1))
	fi
	for option in ${_bi_options[$program]}; do
		if [[ ${option%%=*} == "$before" && $option == *=* ]]; then
			_bi_values "${option#*=}" "$current"
			return
		fi
		names+=("${option%%=*}")
	done
	if [[ $program == bi && $current != -* && ($COMP_CWORD -eq 1 || $COMP_CWORD -eq 2 && $before == help) ]]; then
		# "bi" has a manual, and the first word may be "help".
		[[ $before == help ]] && names=(bi) || names=(help)
		for option in "${!_bi_options[@]}"; do
			[[ $option == bi ]] || names+=("${option#bi-}")
		done
		mapfile -t COMPREPLY < <(compgen -W "${names[*]}" -- "$current")
	elif [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "${names[*]}" -- "$current")
	else
		_bi_operand "$program" "$current"
	fi
}

complete -F _bi "${!_bi_options[@]}"
