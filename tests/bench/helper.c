// SPDX-License-Identifier: Apache-2.0
/* What fork_exec starts: a static program that does nothing but exit. */

int main(void)
{
	return 0;
}
