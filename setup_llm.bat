@echo off
rem Set up and start Prompt Portal. Needs Python 3.11 or newer and nothing else; setup_llm.bat --help lists the flags.
setlocal
cd /d "%~dp0"
set "CHECK=import sys; sys.exit(sys.version_info < (3, 11))"

if defined PYTHON (
  "%PYTHON%" -c "%CHECK%" >nul 2>&1 && ( "%PYTHON%" scripts\setup.py %* & goto :done )
)
for %%P in ("py -3" "py -3.14" "py -3.13" "py -3.12" "py -3.11" "python" "python3") do (
  %%~P -c "%CHECK%" >nul 2>&1 && ( %%~P scripts\setup.py %* & goto :done )
)
echo error: Prompt Portal needs Python 3.11 or newer, and none was found. 1>&2
echo   winget install Python.Python.3.12   then open a new window and run setup_llm.bat again 1>&2
exit /b 1

:done
exit /b %ERRORLEVEL%
