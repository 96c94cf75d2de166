/* chevron/vars.c -- variables, parameters and functions. */
/* SPDX-License-Identifier: MIT */
#include "chevron/shell.h"
#include <stdlib.h>
#include <string.h>

/*
 * A variable is one "NAME=value" string, so that exec's environment is a
 * table of pointers to them.  A binary tree keeps them in order of names
 * without rebalancing: names are few and come in no order.  It only grows;
 * unset leaves a node without text.
 */

struct var {
	struct var *left, *right;
	char *text;    /* "NAME=value", NULL when unset */
	size_t length; /* of the name */
	bool exported, readonly;
	char name[];
};

struct local {
	struct local *below;
	struct var *var;
	char *text;
	bool exported;
};

struct function {
	struct function *next;
	struct node *body;
	struct tree *tree;
	char name[];
};

static struct var *var_find(struct shell *sh, const char *name, bool make)
{
	struct var **at = &sh->vars;
	size_t n;

	while (*at != NULL) {
		int c = strcmp(name, (*at)->name);

		if (c == 0)
			return *at;
		at = c < 0 ? &(*at)->left : &(*at)->right;
	}
	if (!make)
		return NULL;
	n = strlen(name);
	*at = xmalloc(sizeof(**at) + n + 1);
	**at = (struct var){.length = n};
	memcpy((*at)->name, name, n + 1);
	return *at;
}

static void drop_env(struct shell *sh)
{
	free(sh->env);
	sh->env = NULL;
}

static void var_replace(struct shell *sh, struct var *v, char *text)
{
	free(v->text);
	v->text = text;
	if (v->exported)
		drop_env(sh);
}

const char *var_get(struct shell *sh, const char *name)
{
	struct var *v = var_find(sh, name, false);

	return v && v->text ? v->text + v->length + 1 : NULL;
}

bool var_set(struct shell *sh, const char *name, const char *value)
{
	struct var *v = var_find(sh, name, true);
	size_t n = strlen(value);
	char *text;

	if (v->readonly) {
		shell_error(sh, "%s: the variable is read only", name);
		return false;
	}
	text = xmalloc(v->length + n + 2);
	memcpy(text, name, v->length);
	text[v->length] = '=';
	memcpy(text + v->length + 1, value, n + 1);
	var_replace(sh, v, text);
	return true;
}

void var_unset(struct shell *sh, const char *name)
{
	struct var *v = var_find(sh, name, false);

	if (v == NULL)
		return;
	if (v->readonly) {
		shell_error(sh, "%s: the variable is read only", name);
		return;
	}
	var_replace(sh, v, NULL);
	v->exported = false;
}

void var_export(struct shell *sh, const char *name)
{
	var_find(sh, name, true)->exported = true;
	drop_env(sh);
}

void var_readonly(struct shell *sh, const char *name)
{
	var_find(sh, name, true)->readonly = true;
}

struct local *vars_enter(struct shell *sh)
{
	return sh->locals;
}

void var_local(struct shell *sh, const char *name)
{
	struct local *l = xmalloc(sizeof(*l));
	struct var *v = var_find(sh, name, true);

	*l = (struct local){
	    sh->locals, v, v->text ? xstrdup(v->text) : NULL, v->exported};
	sh->locals = l;
}

void vars_leave(struct shell *sh, struct local *mark)
{
	while (sh->locals != mark) {
		struct local *l = sh->locals;

		sh->locals = l->below;
		l->var->exported |= l->exported;
		var_replace(sh, l->var, l->text);
		l->var->exported = l->exported;
		free(l);
	}
}

/* Depth first, left to right, with the walk's own stack: a tree that was
 * filled in order is as deep as it is large. */
struct walk {
	struct var **stack;
	size_t n, cap;
};

static void walk_push_left(struct walk *w, struct var *v)
{
	for (; v != NULL; v = v->left) {
		if (w->n == w->cap) {
			w->cap = w->cap ? w->cap * 2 : 32;
			w->stack =
			    xrealloc(w->stack, w->cap * sizeof(*w->stack));
		}
		w->stack[w->n++] = v;
	}
}

static struct var *walk_next(struct walk *w)
{
	struct var *v = w->n > 0 ? w->stack[--w->n] : NULL;

	if (v != NULL)
		walk_push_left(w, v->right);
	else
		free(w->stack);
	return v;
}

char **vars_env(struct shell *sh)
{
	struct walk w = {0};
	size_t n = 0, cap = 32;
	struct var *v;

	if (sh->env != NULL)
		return sh->env;
	sh->env = xmalloc(cap * sizeof(*sh->env));
	walk_push_left(&w, sh->vars);
	while ((v = walk_next(&w)) != NULL) {
		if (!v->exported || v->text == NULL)
			continue;
		if (n + 1 == cap) {
			cap *= 2;
			sh->env = xrealloc(sh->env, cap * sizeof(*sh->env));
		}
		sh->env[n++] = v->text;
	}
	sh->env[n] = NULL;
	return sh->env;
}

void vars_import(struct shell *sh, char **env)
{
	for (; *env != NULL; env++) {
		char *eq = strchr(*env, '=');
		struct var *v;
		char *name;

		if (eq == NULL || eq == *env)
			continue;
		name = xstrdup(*env);
		name[eq - *env] = '\0';
		v = var_find(sh, name, true);
		free(name);
		v->exported = true;
		var_replace(sh, v, xstrdup(*env));
	}
}

void vars_each(struct shell *sh,
    void (*f)(void *context, const char *name, const char *value, bool exported,
        bool readonly),
    void *context)
{
	struct walk w = {0};
	struct var *v;

	walk_push_left(&w, sh->vars);
	while ((v = walk_next(&w)) != NULL)
		if (v->text != NULL)
			f(context, v->name, v->text + v->length + 1,
			    v->exported, v->readonly);
}

void params_free(struct params *p)
{
	if (!p->owned)
		return;
	for (int i = 0; i < p->argc; i++)
		free(p->argv[i]);
	free(p->argv);
}

void params_set(struct shell *sh, char **argv, int argc)
{
	struct params fresh = {
	    xmalloc(((size_t)argc + 1) * sizeof(char *)), argc, true};

	for (int i = 0; i < argc; i++)
		fresh.argv[i] = xstrdup(argv[i]);
	fresh.argv[argc] = NULL;
	params_free(&sh->params);
	sh->params = fresh;
}

struct tree *tree_new(void)
{
	struct tree *t = xmalloc(sizeof(*t));

	*t = (struct tree){.refs = 1};
	return t;
}

void tree_put(struct tree *t)
{
	if (t == NULL || --t->refs > 0)
		return;
	arena_free(&t->arena);
	free(t);
}

static struct function **function_slot(struct shell *sh, const char *name)
{
	struct function **at = &sh->functions;

	while (*at != NULL && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

struct node *function_find(
    struct shell *sh, const char *name, struct tree **tree)
{
	struct function *f = *function_slot(sh, name);

	if (f == NULL)
		return NULL;
	*tree = f->tree;
	return f->body;
}

bool function_unset(struct shell *sh, const char *name)
{
	struct function **at = function_slot(sh, name), *f = *at;

	if (f == NULL)
		return false;
	*at = f->next;
	tree_put(f->tree);
	free(f);
	return true;
}

void function_define(struct shell *sh, const char *name, struct node *body)
{
	size_t n = strlen(name) + 1;
	struct function *f = xmalloc(sizeof(*f) + n);

	*f = (struct function){.body = body, .tree = sh->tree};
	memcpy(f->name, name, n);
	sh->tree->refs++;
	function_unset(sh, name);
	f->next = sh->functions;
	sh->functions = f;
}
