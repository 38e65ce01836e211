@echo off
rem The portal's command line: portal doctor, portal backup FILE, portal admin create-user EMAIL
if not exist "%~dp0.venv\Scripts\python.exe" (
  echo error: there is no .venv yet. Run setup_llm.bat first. 1>&2
  exit /b 1
)
set "PYTHONPATH=%~dp0backend;%PYTHONPATH%"
"%~dp0.venv\Scripts\python.exe" -m app %*
