# PowerShell completion for kirin, made by `kirin completion powershell`: no Python runs when TAB is pressed.
# Load it from $PROFILE with `. path\to\kirin.ps1`. Where nothing is offered, PowerShell offers files itself.

Register-ArgumentCompleter -Native -CommandName 'kirin', 'kirin.exe' -ScriptBlock {
    param($word, $ast, $cursor)

    $before = [ordered]@{
        '--version' = @{ Help = 'Print the version.'; Takes = $false; Words = @() }
        '-V' = @{ Help = 'Print the version.'; Takes = $false; Words = @() }
        '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
        '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
    }
    $commands = [ordered]@{
        'v1-t2v' = @{
            Help = 'Make a video from text.'
            Flags = [ordered]@{
                '--prompt' = @{ Help = 'What the video shows. Also the first argument.'; Takes = $true; Words = @() }
                '--negative-prompt' = @{ Help = 'What the video must not show.'; Takes = $true; Words = @() }
                '--duration' = @{ Help = 'Length of the video.'; Takes = $true; Words = @('5', '10') }
                '--aspect-ratio' = @{ Help = 'Width to height of the video.'; Takes = $true; Words = @('16:9', '9:16', '1:1') }
                '--mode' = @{ Help = 'std is cheaper, pro looks better.'; Takes = $true; Words = @('std', 'pro') }
                '--cfg-scale' = @{ Help = 'How closely to follow the prompt; higher is closer, and leaves the model less freedom.'; Takes = $true; Words = @() }
                '--camera' = @{ Help = 'Camera movement, whole, as JSON; without one the model chooses what fits.'; Takes = $true; Words = @() }
                '--camera-type' = @{ Help = 'simple: along one axis; down_back presses down and moves back (zooms out); forward_up moves forward and tilts up (pushes in); right_turn_forward turns right, then moves forward (pushes in); left_turn_forward turns left, then moves forward (pushes in).'; Takes = $true; Words = @('simple', 'down_back', 'forward_up', 'right_turn_forward', 'left_turn_forward') }
                '--camera-horizontal' = @{ Help = 'Move left (negative) or right, along the x-axis.'; Takes = $true; Words = @() }
                '--camera-vertical' = @{ Help = 'Move down (negative) or up, along the y-axis.'; Takes = $true; Words = @() }
                '--camera-pan' = @{ Help = 'Turn left (negative) or right, about the y-axis.'; Takes = $true; Words = @() }
                '--camera-tilt' = @{ Help = 'Turn down (negative) or up, about the x-axis.'; Takes = $true; Words = @() }
                '--camera-roll' = @{ Help = 'Roll counter-clockwise (negative) or clockwise, about the z-axis.'; Takes = $true; Words = @() }
                '--camera-zoom' = @{ Help = 'Zoom in: closer, a smaller field of view (negative), or out: a larger one.'; Takes = $true; Words = @() }
                '--watermark' = @{ Help = 'Make an additional version with the service''s watermark; one of your own is not possible.'; Takes = $false; Words = @() }
                '--no-watermark' = @{ Help = 'The opposite of --watermark.'; Takes = $false; Words = @() }
                '--callback-url' = @{ Help = 'Where the service reports whenever the state of the task changes.'; Takes = $true; Words = @() }
                '--external-task-id' = @{ Help = 'An id of your own, unique in your account, that finds the task too; kirin makes one where none is given.'; Takes = $true; Words = @() }
                '--prompt-file' = @{ Help = 'Read the prompt from a file.'; Takes = $true; Words = @() }
                '--file' = @{ Help = 'Start from a job file with one job, or from the note NAME.json beside a video.'; Takes = $true; Words = @() }
                '-f' = @{ Help = 'Start from a job file with one job, or from the note NAME.json beside a video.'; Takes = $true; Words = @() }
                '--allow-env' = @{ Help = 'Let job files send this variable of the environment, though it looks like a secret. Repeatable.'; Takes = $true; Words = @() }
                '--output' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '-o' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '--force' = @{ Help = 'Replace files that are there.'; Takes = $false; Words = @() }
                '--param' = @{ Help = 'Send a parameter that this version does not know, unchecked. Repeatable.'; Takes = $true; Words = @() }
                '--count' = @{ Help = 'Make N videos; else one, or as many as a job file says.'; Takes = $true; Words = @() }
                '--wait' = @{ Help = 'Wait for the videos, or only submit.'; Takes = $false; Words = @() }
                '--no-wait' = @{ Help = 'The opposite of --wait.'; Takes = $false; Words = @() }
                '--timeout' = @{ Help = 'Stop waiting after so long (90s, 30m, 2h); the tasks go on.'; Takes = $true; Words = @() }
                '--max-cost' = @{ Help = 'Submit no job that could make the run cost more, and none whose price is not known.'; Takes = $true; Words = @() }
                '--assume-cost' = @{ Help = 'Take each job to cost so much, whatever tables and earlier tasks say.'; Takes = $true; Words = @() }
                '--again' = @{ Help = 'Make a new one, even where the same request is unfinished.'; Takes = $false; Words = @() }
                '--strict' = @{ Help = 'Take warnings for errors.'; Takes = $false; Words = @() }
                '--check-urls' = @{ Help = 'Inspect images and videos behind URLs too; reads a few kilobytes of each.'; Takes = $false; Words = @() }
                '--dry-run' = @{ Help = 'Show the request; send nothing, need no key.'; Takes = $false; Words = @() }
                '--full' = @{ Help = 'With --dry-run: Base64 in full.'; Takes = $false; Words = @() }
                '--to-yaml' = @{ Help = 'Print the job file that these flags mean.'; Takes = $false; Words = @() }
                '--sandbox' = @{ Help = 'Use a service inside this process: no key, no cost.'; Takes = $false; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--api-key-file' = @{ Help = 'File that holds the key (else KIRIN_API_KEY).'; Takes = $true; Words = @() }
                '--report' = @{ Help = 'Write a report: html, html-embedded, junit, markdown, github, sarif, json or jsonl; - is standard output. github=auto serves a GitHub Actions step. Repeatable.'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--jsonl' = @{ Help = 'Print the result as JSON, one object a line.'; Takes = $false; Words = @() }
                '--format' = @{ Help = 'Print a line for each through a template of JSON fields: ''{name}\t{outputs.0.sha256}''.'; Takes = $true; Words = @() }
                '--preview' = @{ Help = 'Draw the first frame, on terminals that show pictures (extra: preview).'; Takes = $false; Words = @() }
                '--open' = @{ Help = 'Open the videos in the system''s player at the end.'; Takes = $false; Words = @() }
                '--notify' = @{ Help = 'Notify at the end: on the desktop, else with the terminal''s bell.'; Takes = $false; Words = @() }
                '--quiet' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '-q' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '--verbose' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '--progress' = @{ Help = 'How to show progress on standard error.'; Takes = $true; Words = @('auto', 'tty', 'plain', 'json', 'quiet') }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $false; Tasks = $false })
        }
        'v1-5-i2v' = @{
            Help = 'Animate a still image.'
            Flags = [ordered]@{
                '--prompt' = @{ Help = 'What the video shows. Also the first argument.'; Takes = $true; Words = @() }
                '--image' = @{ Help = 'First frame.'; Takes = $true; Words = @() }
                '-i' = @{ Help = 'First frame.'; Takes = $true; Words = @() }
                '--image-tail' = @{ Help = 'Last frame; needs mode pro.'; Takes = $true; Words = @() }
                '--negative-prompt' = @{ Help = 'What the video must not show.'; Takes = $true; Words = @() }
                '--duration' = @{ Help = 'Length of the video.'; Takes = $true; Words = @('5', '10') }
                '--mode' = @{ Help = 'std is cheaper, pro looks better.'; Takes = $true; Words = @('std', 'pro') }
                '--cfg-scale' = @{ Help = 'How closely to follow the prompt; higher is closer, and leaves the model less freedom.'; Takes = $true; Words = @() }
                '--seed' = @{ Help = 'Random seed; with --count the first of several, counted up.'; Takes = $true; Words = @() }
                '--camera' = @{ Help = 'Camera movement, whole, as JSON; without one the model chooses what fits.'; Takes = $true; Words = @() }
                '--camera-type' = @{ Help = 'Only `simple` here: one axis by hand.'; Takes = $true; Words = @('simple') }
                '--camera-horizontal' = @{ Help = 'Move left (negative) or right, along the x-axis.'; Takes = $true; Words = @() }
                '--camera-vertical' = @{ Help = 'Move down (negative) or up, along the y-axis.'; Takes = $true; Words = @() }
                '--camera-pan' = @{ Help = 'Turn left (negative) or right, about the y-axis.'; Takes = $true; Words = @() }
                '--camera-tilt' = @{ Help = 'Turn down (negative) or up, about the x-axis.'; Takes = $true; Words = @() }
                '--camera-roll' = @{ Help = 'Roll counter-clockwise (negative) or clockwise, about the z-axis.'; Takes = $true; Words = @() }
                '--camera-zoom' = @{ Help = 'Zoom in: closer, a smaller field of view (negative), or out: a larger one.'; Takes = $true; Words = @() }
                '--static-mask' = @{ Help = 'Area that must not move.'; Takes = $true; Words = @() }
                '--dynamic-mask' = @{ Help = 'An area and the path it follows (px from bottom-left). Repeatable.'; Takes = $true; Words = @() }
                '--watermark' = @{ Help = 'Make an additional version with the service''s watermark; one of your own is not possible.'; Takes = $false; Words = @() }
                '--no-watermark' = @{ Help = 'The opposite of --watermark.'; Takes = $false; Words = @() }
                '--callback-url' = @{ Help = 'Where the service reports whenever the state of the task changes.'; Takes = $true; Words = @() }
                '--external-task-id' = @{ Help = 'An id of your own, unique in your account, that finds the task too; kirin makes one where none is given.'; Takes = $true; Words = @() }
                '--prompt-file' = @{ Help = 'Read the prompt from a file.'; Takes = $true; Words = @() }
                '--file' = @{ Help = 'Start from a job file with one job, or from the note NAME.json beside a video.'; Takes = $true; Words = @() }
                '-f' = @{ Help = 'Start from a job file with one job, or from the note NAME.json beside a video.'; Takes = $true; Words = @() }
                '--allow-env' = @{ Help = 'Let job files send this variable of the environment, though it looks like a secret. Repeatable.'; Takes = $true; Words = @() }
                '--output' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '-o' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '--force' = @{ Help = 'Replace files that are there.'; Takes = $false; Words = @() }
                '--param' = @{ Help = 'Send a parameter that this version does not know, unchecked. Repeatable.'; Takes = $true; Words = @() }
                '--count' = @{ Help = 'Make N videos; else one, or as many as a job file says.'; Takes = $true; Words = @() }
                '--wait' = @{ Help = 'Wait for the videos, or only submit.'; Takes = $false; Words = @() }
                '--no-wait' = @{ Help = 'The opposite of --wait.'; Takes = $false; Words = @() }
                '--timeout' = @{ Help = 'Stop waiting after so long (90s, 30m, 2h); the tasks go on.'; Takes = $true; Words = @() }
                '--max-cost' = @{ Help = 'Submit no job that could make the run cost more, and none whose price is not known.'; Takes = $true; Words = @() }
                '--assume-cost' = @{ Help = 'Take each job to cost so much, whatever tables and earlier tasks say.'; Takes = $true; Words = @() }
                '--again' = @{ Help = 'Make a new one, even where the same request is unfinished.'; Takes = $false; Words = @() }
                '--strict' = @{ Help = 'Take warnings for errors.'; Takes = $false; Words = @() }
                '--check-urls' = @{ Help = 'Inspect images and videos behind URLs too; reads a few kilobytes of each.'; Takes = $false; Words = @() }
                '--dry-run' = @{ Help = 'Show the request; send nothing, need no key.'; Takes = $false; Words = @() }
                '--full' = @{ Help = 'With --dry-run: Base64 in full.'; Takes = $false; Words = @() }
                '--to-yaml' = @{ Help = 'Print the job file that these flags mean.'; Takes = $false; Words = @() }
                '--sandbox' = @{ Help = 'Use a service inside this process: no key, no cost.'; Takes = $false; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--api-key-file' = @{ Help = 'File that holds the key (else KIRIN_API_KEY).'; Takes = $true; Words = @() }
                '--report' = @{ Help = 'Write a report: html, html-embedded, junit, markdown, github, sarif, json or jsonl; - is standard output. github=auto serves a GitHub Actions step. Repeatable.'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--jsonl' = @{ Help = 'Print the result as JSON, one object a line.'; Takes = $false; Words = @() }
                '--format' = @{ Help = 'Print a line for each through a template of JSON fields: ''{name}\t{outputs.0.sha256}''.'; Takes = $true; Words = @() }
                '--preview' = @{ Help = 'Draw the first frame, on terminals that show pictures (extra: preview).'; Takes = $false; Words = @() }
                '--open' = @{ Help = 'Open the videos in the system''s player at the end.'; Takes = $false; Words = @() }
                '--notify' = @{ Help = 'Notify at the end: on the desktop, else with the terminal''s bell.'; Takes = $false; Words = @() }
                '--quiet' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '-q' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '--verbose' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '--progress' = @{ Help = 'How to show progress on standard error.'; Takes = $true; Words = @('auto', 'tty', 'plain', 'json', 'quiet') }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $false; Tasks = $false })
        }
        'v1-6-multi-i2v' = @{
            Help = 'Make a video from up to four images and text.'
            Flags = [ordered]@{
                '--prompt' = @{ Help = 'What the video shows. Also the first argument.'; Takes = $true; Words = @() }
                '--image' = @{ Help = 'Reference image. Repeatable.'; Takes = $true; Words = @() }
                '-i' = @{ Help = 'Reference image. Repeatable.'; Takes = $true; Words = @() }
                '--negative-prompt' = @{ Help = 'What the video must not show.'; Takes = $true; Words = @() }
                '--duration' = @{ Help = 'Length of the video.'; Takes = $true; Words = @('5', '10') }
                '--aspect-ratio' = @{ Help = 'Width to height of the video.'; Takes = $true; Words = @('16:9', '9:16', '1:1') }
                '--mode' = @{ Help = 'std is cheaper, pro looks better.'; Takes = $true; Words = @('std', 'pro') }
                '--watermark' = @{ Help = 'Make an additional version with the service''s watermark; one of your own is not possible.'; Takes = $false; Words = @() }
                '--no-watermark' = @{ Help = 'The opposite of --watermark.'; Takes = $false; Words = @() }
                '--callback-url' = @{ Help = 'Where the service reports whenever the state of the task changes.'; Takes = $true; Words = @() }
                '--external-task-id' = @{ Help = 'An id of your own, unique in your account, that finds the task too; kirin makes one where none is given.'; Takes = $true; Words = @() }
                '--prompt-file' = @{ Help = 'Read the prompt from a file.'; Takes = $true; Words = @() }
                '--file' = @{ Help = 'Start from a job file with one job, or from the note NAME.json beside a video.'; Takes = $true; Words = @() }
                '-f' = @{ Help = 'Start from a job file with one job, or from the note NAME.json beside a video.'; Takes = $true; Words = @() }
                '--allow-env' = @{ Help = 'Let job files send this variable of the environment, though it looks like a secret. Repeatable.'; Takes = $true; Words = @() }
                '--output' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '-o' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '--force' = @{ Help = 'Replace files that are there.'; Takes = $false; Words = @() }
                '--param' = @{ Help = 'Send a parameter that this version does not know, unchecked. Repeatable.'; Takes = $true; Words = @() }
                '--count' = @{ Help = 'Make N videos; else one, or as many as a job file says.'; Takes = $true; Words = @() }
                '--wait' = @{ Help = 'Wait for the videos, or only submit.'; Takes = $false; Words = @() }
                '--no-wait' = @{ Help = 'The opposite of --wait.'; Takes = $false; Words = @() }
                '--timeout' = @{ Help = 'Stop waiting after so long (90s, 30m, 2h); the tasks go on.'; Takes = $true; Words = @() }
                '--max-cost' = @{ Help = 'Submit no job that could make the run cost more, and none whose price is not known.'; Takes = $true; Words = @() }
                '--assume-cost' = @{ Help = 'Take each job to cost so much, whatever tables and earlier tasks say.'; Takes = $true; Words = @() }
                '--again' = @{ Help = 'Make a new one, even where the same request is unfinished.'; Takes = $false; Words = @() }
                '--strict' = @{ Help = 'Take warnings for errors.'; Takes = $false; Words = @() }
                '--check-urls' = @{ Help = 'Inspect images and videos behind URLs too; reads a few kilobytes of each.'; Takes = $false; Words = @() }
                '--dry-run' = @{ Help = 'Show the request; send nothing, need no key.'; Takes = $false; Words = @() }
                '--full' = @{ Help = 'With --dry-run: Base64 in full.'; Takes = $false; Words = @() }
                '--to-yaml' = @{ Help = 'Print the job file that these flags mean.'; Takes = $false; Words = @() }
                '--sandbox' = @{ Help = 'Use a service inside this process: no key, no cost.'; Takes = $false; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--api-key-file' = @{ Help = 'File that holds the key (else KIRIN_API_KEY).'; Takes = $true; Words = @() }
                '--report' = @{ Help = 'Write a report: html, html-embedded, junit, markdown, github, sarif, json or jsonl; - is standard output. github=auto serves a GitHub Actions step. Repeatable.'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--jsonl' = @{ Help = 'Print the result as JSON, one object a line.'; Takes = $false; Words = @() }
                '--format' = @{ Help = 'Print a line for each through a template of JSON fields: ''{name}\t{outputs.0.sha256}''.'; Takes = $true; Words = @() }
                '--preview' = @{ Help = 'Draw the first frame, on terminals that show pictures (extra: preview).'; Takes = $false; Words = @() }
                '--open' = @{ Help = 'Open the videos in the system''s player at the end.'; Takes = $false; Words = @() }
                '--notify' = @{ Help = 'Notify at the end: on the desktop, else with the terminal''s bell.'; Takes = $false; Words = @() }
                '--quiet' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '-q' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '--verbose' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '--progress' = @{ Help = 'How to show progress on standard error.'; Takes = $true; Words = @('auto', 'tty', 'plain', 'json', 'quiet') }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $false; Tasks = $false })
        }
        'motion-control' = @{
            Help = 'Let a character perform the movements of a video.'
            Flags = [ordered]@{
                '--prompt' = @{ Help = 'What to add, or how the camera moves. Also an argument.'; Takes = $true; Words = @() }
                '--image' = @{ Help = 'The character and its surroundings, which the video takes over.'; Takes = $true; Words = @() }
                '-i' = @{ Help = 'The character and its surroundings, which the video takes over.'; Takes = $true; Words = @() }
                '--video' = @{ Help = 'The movements to perform.'; Takes = $true; Words = @() }
                '--character-orientation' = @{ Help = 'Whose orientation the character takes; `image` allows 10 s of video, `video` 30 s.'; Takes = $true; Words = @('image', 'video') }
                '--mode' = @{ Help = 'std is cheaper, pro looks better.'; Takes = $true; Words = @('std', 'pro') }
                '--keep-original-sound' = @{ Help = 'Keep the sound of the reference video.'; Takes = $false; Words = @() }
                '--no-keep-original-sound' = @{ Help = 'The opposite of --keep-original-sound.'; Takes = $false; Words = @() }
                '--callback-url' = @{ Help = 'Where the service reports whenever the state of the task changes.'; Takes = $true; Words = @() }
                '--external-task-id' = @{ Help = 'An id of your own, unique in your account, that finds the task too; kirin makes one where none is given.'; Takes = $true; Words = @() }
                '--prompt-file' = @{ Help = 'Read the prompt from a file.'; Takes = $true; Words = @() }
                '--file' = @{ Help = 'Start from a job file with one job, or from the note NAME.json beside a video.'; Takes = $true; Words = @() }
                '-f' = @{ Help = 'Start from a job file with one job, or from the note NAME.json beside a video.'; Takes = $true; Words = @() }
                '--allow-env' = @{ Help = 'Let job files send this variable of the environment, though it looks like a secret. Repeatable.'; Takes = $true; Words = @() }
                '--output' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '-o' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '--force' = @{ Help = 'Replace files that are there.'; Takes = $false; Words = @() }
                '--param' = @{ Help = 'Send a parameter that this version does not know, unchecked. Repeatable.'; Takes = $true; Words = @() }
                '--count' = @{ Help = 'Make N videos; else one, or as many as a job file says.'; Takes = $true; Words = @() }
                '--wait' = @{ Help = 'Wait for the videos, or only submit.'; Takes = $false; Words = @() }
                '--no-wait' = @{ Help = 'The opposite of --wait.'; Takes = $false; Words = @() }
                '--timeout' = @{ Help = 'Stop waiting after so long (90s, 30m, 2h); the tasks go on.'; Takes = $true; Words = @() }
                '--max-cost' = @{ Help = 'Submit no job that could make the run cost more, and none whose price is not known.'; Takes = $true; Words = @() }
                '--assume-cost' = @{ Help = 'Take each job to cost so much, whatever tables and earlier tasks say.'; Takes = $true; Words = @() }
                '--again' = @{ Help = 'Make a new one, even where the same request is unfinished.'; Takes = $false; Words = @() }
                '--strict' = @{ Help = 'Take warnings for errors.'; Takes = $false; Words = @() }
                '--check-urls' = @{ Help = 'Inspect images and videos behind URLs too; reads a few kilobytes of each.'; Takes = $false; Words = @() }
                '--dry-run' = @{ Help = 'Show the request; send nothing, need no key.'; Takes = $false; Words = @() }
                '--full' = @{ Help = 'With --dry-run: Base64 in full.'; Takes = $false; Words = @() }
                '--to-yaml' = @{ Help = 'Print the job file that these flags mean.'; Takes = $false; Words = @() }
                '--sandbox' = @{ Help = 'Use a service inside this process: no key, no cost.'; Takes = $false; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--api-key-file' = @{ Help = 'File that holds the key (else KIRIN_API_KEY).'; Takes = $true; Words = @() }
                '--report' = @{ Help = 'Write a report: html, html-embedded, junit, markdown, github, sarif, json or jsonl; - is standard output. github=auto serves a GitHub Actions step. Repeatable.'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--jsonl' = @{ Help = 'Print the result as JSON, one object a line.'; Takes = $false; Words = @() }
                '--format' = @{ Help = 'Print a line for each through a template of JSON fields: ''{name}\t{outputs.0.sha256}''.'; Takes = $true; Words = @() }
                '--preview' = @{ Help = 'Draw the first frame, on terminals that show pictures (extra: preview).'; Takes = $false; Words = @() }
                '--open' = @{ Help = 'Open the videos in the system''s player at the end.'; Takes = $false; Words = @() }
                '--notify' = @{ Help = 'Notify at the end: on the desktop, else with the terminal''s bell.'; Takes = $false; Words = @() }
                '--quiet' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '-q' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '--verbose' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '--progress' = @{ Help = 'How to show progress on standard error.'; Takes = $true; Words = @('auto', 'tty', 'plain', 'json', 'quiet') }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $false; Tasks = $false })
        }
        'video-o1' = @{
            Help = 'Make or edit a video from text, images, elements and a video.'
            Flags = [ordered]@{
                '--prompt' = @{ Help = 'What the video shows. Also the first argument.'; Takes = $true; Words = @() }
                '--duration' = @{ Help = 'Length of the video.'; Takes = $true; Words = @('3', '4', '5', '6', '7', '8', '9', '10') }
                '--aspect-ratio' = @{ Help = 'Width to height of the video.'; Takes = $true; Words = @('16:9', '9:16', '1:1') }
                '--mode' = @{ Help = 'std is cheaper; pro makes longer videos of higher quality.'; Takes = $true; Words = @('std', 'pro') }
                '--first-frame' = @{ Help = 'Image to start from.'; Takes = $true; Words = @() }
                '--end-frame' = @{ Help = 'Image to end with; needs a first frame.'; Takes = $true; Words = @() }
                '--image' = @{ Help = 'Reference image. Repeatable.'; Takes = $true; Words = @() }
                '-i' = @{ Help = 'Reference image. Repeatable.'; Takes = $true; Words = @() }
                '--video' = @{ Help = 'Video to edit, or to take features from.'; Takes = $true; Words = @() }
                '--video-refer-type' = @{ Help = '`base` edits the video, `feature` takes features from it.'; Takes = $true; Words = @('feature', 'base') }
                '--keep-original-sound' = @{ Help = 'Keep the sound of the reference video.'; Takes = $false; Words = @() }
                '--no-keep-original-sound' = @{ Help = 'The opposite of --keep-original-sound.'; Takes = $false; Words = @() }
                '--element' = @{ Help = 'Id of an element of your library. Repeatable.'; Takes = $true; Words = @() }
                '--watermark' = @{ Help = 'Make an additional version with the service''s watermark; one of your own is not possible.'; Takes = $false; Words = @() }
                '--no-watermark' = @{ Help = 'The opposite of --watermark.'; Takes = $false; Words = @() }
                '--callback-url' = @{ Help = 'Where the service reports whenever the state of the task changes.'; Takes = $true; Words = @() }
                '--external-task-id' = @{ Help = 'An id of your own, unique in your account, that finds the task too; kirin makes one where none is given.'; Takes = $true; Words = @() }
                '--prompt-file' = @{ Help = 'Read the prompt from a file.'; Takes = $true; Words = @() }
                '--file' = @{ Help = 'Start from a job file with one job, or from the note NAME.json beside a video.'; Takes = $true; Words = @() }
                '-f' = @{ Help = 'Start from a job file with one job, or from the note NAME.json beside a video.'; Takes = $true; Words = @() }
                '--allow-env' = @{ Help = 'Let job files send this variable of the environment, though it looks like a secret. Repeatable.'; Takes = $true; Words = @() }
                '--output' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '-o' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '--force' = @{ Help = 'Replace files that are there.'; Takes = $false; Words = @() }
                '--param' = @{ Help = 'Send a parameter that this version does not know, unchecked. Repeatable.'; Takes = $true; Words = @() }
                '--count' = @{ Help = 'Make N videos; else one, or as many as a job file says.'; Takes = $true; Words = @() }
                '--wait' = @{ Help = 'Wait for the videos, or only submit.'; Takes = $false; Words = @() }
                '--no-wait' = @{ Help = 'The opposite of --wait.'; Takes = $false; Words = @() }
                '--timeout' = @{ Help = 'Stop waiting after so long (90s, 30m, 2h); the tasks go on.'; Takes = $true; Words = @() }
                '--max-cost' = @{ Help = 'Submit no job that could make the run cost more, and none whose price is not known.'; Takes = $true; Words = @() }
                '--assume-cost' = @{ Help = 'Take each job to cost so much, whatever tables and earlier tasks say.'; Takes = $true; Words = @() }
                '--again' = @{ Help = 'Make a new one, even where the same request is unfinished.'; Takes = $false; Words = @() }
                '--strict' = @{ Help = 'Take warnings for errors.'; Takes = $false; Words = @() }
                '--check-urls' = @{ Help = 'Inspect images and videos behind URLs too; reads a few kilobytes of each.'; Takes = $false; Words = @() }
                '--dry-run' = @{ Help = 'Show the request; send nothing, need no key.'; Takes = $false; Words = @() }
                '--full' = @{ Help = 'With --dry-run: Base64 in full.'; Takes = $false; Words = @() }
                '--to-yaml' = @{ Help = 'Print the job file that these flags mean.'; Takes = $false; Words = @() }
                '--sandbox' = @{ Help = 'Use a service inside this process: no key, no cost.'; Takes = $false; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--api-key-file' = @{ Help = 'File that holds the key (else KIRIN_API_KEY).'; Takes = $true; Words = @() }
                '--report' = @{ Help = 'Write a report: html, html-embedded, junit, markdown, github, sarif, json or jsonl; - is standard output. github=auto serves a GitHub Actions step. Repeatable.'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--jsonl' = @{ Help = 'Print the result as JSON, one object a line.'; Takes = $false; Words = @() }
                '--format' = @{ Help = 'Print a line for each through a template of JSON fields: ''{name}\t{outputs.0.sha256}''.'; Takes = $true; Words = @() }
                '--preview' = @{ Help = 'Draw the first frame, on terminals that show pictures (extra: preview).'; Takes = $false; Words = @() }
                '--open' = @{ Help = 'Open the videos in the system''s player at the end.'; Takes = $false; Words = @() }
                '--notify' = @{ Help = 'Notify at the end: on the desktop, else with the terminal''s bell.'; Takes = $false; Words = @() }
                '--quiet' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '-q' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '--verbose' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '--progress' = @{ Help = 'How to show progress on standard error.'; Takes = $true; Words = @('auto', 'tty', 'plain', 'json', 'quiet') }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $false; Tasks = $false })
        }
        'again' = @{
            Help = 'Make a video as a task did, with flags over its request.'
            Flags = [ordered]@{
                '--prompt' = @{ Help = 'What the video shows. Also the first argument.'; Takes = $true; Words = @() }
                '--negative-prompt' = @{ Help = 'What the video must not show.'; Takes = $true; Words = @() }
                '--duration' = @{ Help = 'Length of the video.'; Takes = $true; Words = @() }
                '--aspect-ratio' = @{ Help = 'Width to height of the video.'; Takes = $true; Words = @() }
                '--mode' = @{ Help = 'std is cheaper, pro looks better.'; Takes = $true; Words = @('std', 'pro') }
                '--cfg-scale' = @{ Help = 'How closely to follow the prompt; higher is closer, and leaves the model less freedom.'; Takes = $true; Words = @() }
                '--camera' = @{ Help = 'Camera movement, whole, as JSON; without one the model chooses what fits.'; Takes = $true; Words = @() }
                '--camera-type' = @{ Help = 'simple: along one axis; down_back presses down and moves back (zooms out); forward_up moves forward and tilts up (pushes in); right_turn_forward turns right, then moves forward (pushes in); left_turn_forward turns left, then moves forward (pushes in).'; Takes = $true; Words = @('simple', 'down_back', 'forward_up', 'right_turn_forward', 'left_turn_forward') }
                '--camera-horizontal' = @{ Help = 'Move left (negative) or right, along the x-axis.'; Takes = $true; Words = @() }
                '--camera-vertical' = @{ Help = 'Move down (negative) or up, along the y-axis.'; Takes = $true; Words = @() }
                '--camera-pan' = @{ Help = 'Turn left (negative) or right, about the y-axis.'; Takes = $true; Words = @() }
                '--camera-tilt' = @{ Help = 'Turn down (negative) or up, about the x-axis.'; Takes = $true; Words = @() }
                '--camera-roll' = @{ Help = 'Roll counter-clockwise (negative) or clockwise, about the z-axis.'; Takes = $true; Words = @() }
                '--camera-zoom' = @{ Help = 'Zoom in: closer, a smaller field of view (negative), or out: a larger one.'; Takes = $true; Words = @() }
                '--watermark' = @{ Help = 'Make an additional version with the service''s watermark; one of your own is not possible.'; Takes = $false; Words = @() }
                '--no-watermark' = @{ Help = 'The opposite of --watermark.'; Takes = $false; Words = @() }
                '--callback-url' = @{ Help = 'Where the service reports whenever the state of the task changes.'; Takes = $true; Words = @() }
                '--external-task-id' = @{ Help = 'An id of your own, unique in your account, that finds the task too; kirin makes one where none is given.'; Takes = $true; Words = @() }
                '--image' = @{ Help = 'Reference image. Repeatable.'; Takes = $true; Words = @() }
                '-i' = @{ Help = 'Reference image. Repeatable.'; Takes = $true; Words = @() }
                '--image-tail' = @{ Help = 'Last frame; needs mode pro.'; Takes = $true; Words = @() }
                '--seed' = @{ Help = 'Random seed; with --count the first of several, counted up.'; Takes = $true; Words = @() }
                '--static-mask' = @{ Help = 'Area that must not move.'; Takes = $true; Words = @() }
                '--dynamic-mask' = @{ Help = 'An area and the path it follows (px from bottom-left). Repeatable.'; Takes = $true; Words = @() }
                '--video' = @{ Help = 'Video to edit, or to take features from.'; Takes = $true; Words = @() }
                '--character-orientation' = @{ Help = 'Whose orientation the character takes; `image` allows 10 s of video, `video` 30 s.'; Takes = $true; Words = @('image', 'video') }
                '--keep-original-sound' = @{ Help = 'Keep the sound of the reference video.'; Takes = $false; Words = @() }
                '--no-keep-original-sound' = @{ Help = 'The opposite of --keep-original-sound.'; Takes = $false; Words = @() }
                '--first-frame' = @{ Help = 'Image to start from.'; Takes = $true; Words = @() }
                '--end-frame' = @{ Help = 'Image to end with; needs a first frame.'; Takes = $true; Words = @() }
                '--video-refer-type' = @{ Help = '`base` edits the video, `feature` takes features from it.'; Takes = $true; Words = @('feature', 'base') }
                '--element' = @{ Help = 'Id of an element of your library. Repeatable.'; Takes = $true; Words = @() }
                '--prompt-file' = @{ Help = 'Read the prompt from a file.'; Takes = $true; Words = @() }
                '--allow-env' = @{ Help = 'Let job files send this variable of the environment, though it looks like a secret. Repeatable.'; Takes = $true; Words = @() }
                '--output' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '-o' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '--force' = @{ Help = 'Replace files that are there.'; Takes = $false; Words = @() }
                '--param' = @{ Help = 'Send a parameter that this version does not know, unchecked. Repeatable.'; Takes = $true; Words = @() }
                '--count' = @{ Help = 'Make N videos; else one, or as many as a job file says.'; Takes = $true; Words = @() }
                '--wait' = @{ Help = 'Wait for the videos, or only submit.'; Takes = $false; Words = @() }
                '--no-wait' = @{ Help = 'The opposite of --wait.'; Takes = $false; Words = @() }
                '--timeout' = @{ Help = 'Stop waiting after so long (90s, 30m, 2h); the tasks go on.'; Takes = $true; Words = @() }
                '--max-cost' = @{ Help = 'Submit no job that could make the run cost more, and none whose price is not known.'; Takes = $true; Words = @() }
                '--assume-cost' = @{ Help = 'Take each job to cost so much, whatever tables and earlier tasks say.'; Takes = $true; Words = @() }
                '--again' = @{ Help = 'Make a new one, even where the same request is unfinished.'; Takes = $false; Words = @() }
                '--strict' = @{ Help = 'Take warnings for errors.'; Takes = $false; Words = @() }
                '--check-urls' = @{ Help = 'Inspect images and videos behind URLs too; reads a few kilobytes of each.'; Takes = $false; Words = @() }
                '--dry-run' = @{ Help = 'Show the request; send nothing, need no key.'; Takes = $false; Words = @() }
                '--full' = @{ Help = 'With --dry-run: Base64 in full.'; Takes = $false; Words = @() }
                '--to-yaml' = @{ Help = 'Print the job file that these flags mean.'; Takes = $false; Words = @() }
                '--sandbox' = @{ Help = 'Use a service inside this process: no key, no cost.'; Takes = $false; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--api-key-file' = @{ Help = 'File that holds the key (else KIRIN_API_KEY).'; Takes = $true; Words = @() }
                '--report' = @{ Help = 'Write a report: html, html-embedded, junit, markdown, github, sarif, json or jsonl; - is standard output. github=auto serves a GitHub Actions step. Repeatable.'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--jsonl' = @{ Help = 'Print the result as JSON, one object a line.'; Takes = $false; Words = @() }
                '--format' = @{ Help = 'Print a line for each through a template of JSON fields: ''{name}\t{outputs.0.sha256}''.'; Takes = $true; Words = @() }
                '--preview' = @{ Help = 'Draw the first frame, on terminals that show pictures (extra: preview).'; Takes = $false; Words = @() }
                '--open' = @{ Help = 'Open the videos in the system''s player at the end.'; Takes = $false; Words = @() }
                '--notify' = @{ Help = 'Notify at the end: on the desktop, else with the terminal''s bell.'; Takes = $false; Words = @() }
                '--quiet' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '-q' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '--verbose' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '--progress' = @{ Help = 'How to show progress on standard error.'; Takes = $true; Words = @('auto', 'tty', 'plain', 'json', 'quiet') }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $false; Tasks = $true }, @{ Words = @(); Repeats = $false; Tasks = $false })
        }
        'run' = @{
            Help = 'Make the videos that job files describe.'
            Flags = [ordered]@{
                '--set' = @{ Help = 'Give a variable of the files a value. Repeatable.'; Takes = $true; Words = @() }
                '--allow-env' = @{ Help = 'Let job files send this variable of the environment, though it looks like a secret. Repeatable.'; Takes = $true; Words = @() }
                '--only' = @{ Help = 'Only jobs with such a name: ''cup*''. Repeatable.'; Takes = $true; Words = @() }
                '--skip' = @{ Help = 'No jobs with such a name. Repeatable.'; Takes = $true; Words = @() }
                '--tag' = @{ Help = 'Only jobs with this tag. Repeatable.'; Takes = $true; Words = @() }
                '--max-jobs' = @{ Help = 'Refuse files that make more jobs.'; Takes = $true; Words = @() }
                '--output' = @{ Help = 'Folder for all videos, instead of those that the files name.'; Takes = $true; Words = @() }
                '-o' = @{ Help = 'Folder for all videos, instead of those that the files name.'; Takes = $true; Words = @() }
                '--jobs' = @{ Help = 'How many tasks may be in flight at once.'; Takes = $true; Words = @() }
                '-j' = @{ Help = 'How many tasks may be in flight at once.'; Takes = $true; Words = @() }
                '--timeout' = @{ Help = 'Stop waiting after so long (90s, 30m, 2h); the tasks go on.'; Takes = $true; Words = @() }
                '--wait' = @{ Help = 'Wait for the videos, or only submit.'; Takes = $false; Words = @() }
                '--no-wait' = @{ Help = 'The opposite of --wait.'; Takes = $false; Words = @() }
                '--max-cost' = @{ Help = 'Submit no job that could make the run cost more, and none whose price is not known.'; Takes = $true; Words = @() }
                '--assume-cost' = @{ Help = 'Take each job to cost so much, whatever tables and earlier tasks say.'; Takes = $true; Words = @() }
                '--again' = @{ Help = 'Make every video anew, at new cost.'; Takes = $false; Words = @() }
                '--retry-failed' = @{ Help = 'Make anew what failed, at new cost.'; Takes = $false; Words = @() }
                '--force' = @{ Help = 'Replace files that are there.'; Takes = $false; Words = @() }
                '--scope' = @{ Help = 'Keeps equal jobs of different campaigns apart.'; Takes = $true; Words = @() }
                '--shard' = @{ Help = 'Only part I of N of the jobs; auto takes both numbers from the CI system, auto/N the index.'; Takes = $true; Words = @() }
                '--strict' = @{ Help = 'Take warnings for errors.'; Takes = $false; Words = @() }
                '--check-urls' = @{ Help = 'Inspect images and videos behind URLs too; reads a few kilobytes of each.'; Takes = $false; Words = @() }
                '--sandbox' = @{ Help = 'Use a service inside this process: no key, no cost.'; Takes = $false; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--api-key-file' = @{ Help = 'File that holds the key (else KIRIN_API_KEY).'; Takes = $true; Words = @() }
                '--report' = @{ Help = 'Write a report: html, html-embedded, junit, markdown, github, sarif, json or jsonl; - is standard output. github=auto serves a GitHub Actions step. Repeatable.'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--jsonl' = @{ Help = 'Print the result as JSON, one object a line.'; Takes = $false; Words = @() }
                '--format' = @{ Help = 'Print a line for each through a template of JSON fields: ''{name}\t{outputs.0.sha256}''.'; Takes = $true; Words = @() }
                '--preview' = @{ Help = 'Draw the first frame, on terminals that show pictures (extra: preview).'; Takes = $false; Words = @() }
                '--open' = @{ Help = 'Open the videos in the system''s player at the end.'; Takes = $false; Words = @() }
                '--notify' = @{ Help = 'Notify at the end: on the desktop, else with the terminal''s bell.'; Takes = $false; Words = @() }
                '--quiet' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '-q' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '--verbose' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '--progress' = @{ Help = 'How to show progress on standard error.'; Takes = $true; Words = @('auto', 'tty', 'plain', 'json', 'quiet') }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $true; Tasks = $false })
        }
        'validate' = @{
            Help = 'Check job files; send nothing.'
            Flags = [ordered]@{
                '--set' = @{ Help = 'Give a variable of the files a value. Repeatable.'; Takes = $true; Words = @() }
                '--allow-env' = @{ Help = 'Let job files send this variable of the environment, though it looks like a secret. Repeatable.'; Takes = $true; Words = @() }
                '--only' = @{ Help = 'Only jobs with such a name: ''cup*''. Repeatable.'; Takes = $true; Words = @() }
                '--skip' = @{ Help = 'No jobs with such a name. Repeatable.'; Takes = $true; Words = @() }
                '--tag' = @{ Help = 'Only jobs with this tag. Repeatable.'; Takes = $true; Words = @() }
                '--max-jobs' = @{ Help = 'Refuse files that make more jobs.'; Takes = $true; Words = @() }
                '--strict' = @{ Help = 'Take warnings for errors.'; Takes = $false; Words = @() }
                '--check-urls' = @{ Help = 'Inspect images and videos behind URLs too; reads a few kilobytes of each.'; Takes = $false; Words = @() }
                '--report' = @{ Help = 'Write a report: junit, markdown, github, sarif, json or jsonl; - is standard output. github=auto serves a GitHub Actions step. Repeatable.'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--quiet' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '-q' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $true; Tasks = $false })
        }
        'plan' = @{
            Help = 'Show what a run would send, skip and write, and what it may cost.'
            Flags = [ordered]@{
                '--set' = @{ Help = 'Give a variable of the files a value. Repeatable.'; Takes = $true; Words = @() }
                '--allow-env' = @{ Help = 'Let job files send this variable of the environment, though it looks like a secret. Repeatable.'; Takes = $true; Words = @() }
                '--only' = @{ Help = 'Only jobs with such a name: ''cup*''. Repeatable.'; Takes = $true; Words = @() }
                '--skip' = @{ Help = 'No jobs with such a name. Repeatable.'; Takes = $true; Words = @() }
                '--tag' = @{ Help = 'Only jobs with this tag. Repeatable.'; Takes = $true; Words = @() }
                '--max-jobs' = @{ Help = 'Refuse files that make more jobs.'; Takes = $true; Words = @() }
                '--output' = @{ Help = 'Folder for all videos, instead of those that the files name.'; Takes = $true; Words = @() }
                '-o' = @{ Help = 'Folder for all videos, instead of those that the files name.'; Takes = $true; Words = @() }
                '--again' = @{ Help = 'Make every video anew, at new cost.'; Takes = $false; Words = @() }
                '--retry-failed' = @{ Help = 'Make anew what failed, at new cost.'; Takes = $false; Words = @() }
                '--force' = @{ Help = 'Replace files that are there.'; Takes = $false; Words = @() }
                '--scope' = @{ Help = 'Keeps equal jobs of different campaigns apart.'; Takes = $true; Words = @() }
                '--shard' = @{ Help = 'Only part I of N of the jobs; auto takes both numbers from the CI system, auto/N the index.'; Takes = $true; Words = @() }
                '--jobs' = @{ Help = 'How many tasks may be in flight at once.'; Takes = $true; Words = @() }
                '-j' = @{ Help = 'How many tasks may be in flight at once.'; Takes = $true; Words = @() }
                '--strict' = @{ Help = 'Take warnings for errors.'; Takes = $false; Words = @() }
                '--assume-cost' = @{ Help = 'Take each job to cost so much, whatever tables and earlier tasks say.'; Takes = $true; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--detailed-exitcode' = @{ Help = 'End with 10 where a run would send or fetch something, with 0 where there is nothing to do.'; Takes = $false; Words = @() }
                '--report' = @{ Help = 'Write a report: junit, markdown, github, sarif, json or jsonl; - is standard output. github=auto serves a GitHub Actions step. Repeatable.'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $true; Tasks = $false })
        }
        'report' = @{
            Help = 'Make reports from results that are there: a gallery, JUnit, Markdown ...'
            Flags = [ordered]@{
                '--report' = @{ Help = 'Write a report: html, html-embedded, junit, markdown, github, sarif, json or jsonl; - is standard output. github=auto serves a GitHub Actions step. Repeatable.'; Takes = $true; Words = @() }
                '--merge' = @{ Help = 'Join the results of all shards below a folder; say which miss.'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--quiet' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '-q' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $true; Tasks = $false })
        }
        'init' = @{
            Help = 'Write a commented job file to start from.'
            Flags = [ordered]@{
                '--output' = @{ Help = 'Write it here, not to stdout.'; Takes = $true; Words = @() }
                '-o' = @{ Help = 'Write it here, not to stdout.'; Takes = $true; Words = @() }
                '--force' = @{ Help = 'Replace files that are there.'; Takes = $false; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @('v1-t2v', 'v1-5-i2v', 'v1-6-multi-i2v', 'motion-control', 'video-o1', 'kirin_v1_t2v', 'kirin_v1_5_i2v', 'kirin_v1_6_multi_i2v', 'kirin_motion_control', 'kirin_video_o1', 'quickstart'); Repeats = $false; Tasks = $false })
        }
        'schema' = @{
            Help = 'Print the JSON Schema of job files.'
            Flags = [ordered]@{
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @()
        }
        'list' = @{
            Help = 'List the tasks of the ledger.'
            Flags = [ordered]@{
                '--state' = @{ Help = 'Only tasks in this state. Repeatable.'; Takes = $true; Words = @() }
                '--model' = @{ Help = 'Only tasks of this model.'; Takes = $true; Words = @() }
                '--file' = @{ Help = 'Only tasks of this job file.'; Takes = $true; Words = @() }
                '--since' = @{ Help = 'Only the last 2h, 7d ..., or since a day: 2026-11-28.'; Takes = $true; Words = @() }
                '--limit' = @{ Help = 'At most so many (else 50).'; Takes = $true; Words = @() }
                '-n' = @{ Help = 'At most so many (else 50).'; Takes = $true; Words = @() }
                '--all' = @{ Help = 'All of them, however many.'; Takes = $false; Words = @() }
                '--refresh' = @{ Help = 'Ask the service, free of charge, for those under way; fetch nothing.'; Takes = $false; Words = @() }
                '--watch' = @{ Help = 'Go on asking until none is under way.'; Takes = $false; Words = @() }
                '--all-services' = @{ Help = 'Also of services other than that of the settings.'; Takes = $false; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--jsonl' = @{ Help = 'Print the result as JSON, one object a line.'; Takes = $false; Words = @() }
                '--format' = @{ Help = 'Print a line for each through a template of JSON fields: ''{name}\t{outputs.0.sha256}''.'; Takes = $true; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $true; Tasks = $false })
        }
        'show' = @{
            Help = 'Show everything known of one task.'
            Flags = [ordered]@{
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--raw' = @{ Help = 'Print the service''s last answer as it came, as JSON.'; Takes = $false; Words = @() }
                '--to-yaml' = @{ Help = 'Print the job file that asks for the same.'; Takes = $false; Words = @() }
                '--preview' = @{ Help = 'Draw the first frame, on terminals that show pictures (extra: preview).'; Takes = $false; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $false; Tasks = $true })
        }
        'open' = @{
            Help = 'Open the video of a task in the system''s player.'
            Flags = [ordered]@{
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $false; Tasks = $true })
        }
        'wait' = @{
            Help = 'Wait for tasks and fetch their videos.'
            Flags = [ordered]@{
                '--output' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '-o' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '--force' = @{ Help = 'Replace files that are there.'; Takes = $false; Words = @() }
                '--timeout' = @{ Help = 'Stop waiting after so long (90s, 30m, 2h); the tasks go on.'; Takes = $true; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--api-key-file' = @{ Help = 'File that holds the key (else KIRIN_API_KEY).'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--jsonl' = @{ Help = 'Print the result as JSON, one object a line.'; Takes = $false; Words = @() }
                '--format' = @{ Help = 'Print a line for each through a template of JSON fields: ''{name}\t{outputs.0.sha256}''.'; Takes = $true; Words = @() }
                '--preview' = @{ Help = 'Draw the first frame, on terminals that show pictures (extra: preview).'; Takes = $false; Words = @() }
                '--open' = @{ Help = 'Open the videos in the system''s player at the end.'; Takes = $false; Words = @() }
                '--notify' = @{ Help = 'Notify at the end: on the desktop, else with the terminal''s bell.'; Takes = $false; Words = @() }
                '--quiet' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '-q' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '--verbose' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '--progress' = @{ Help = 'How to show progress on standard error.'; Takes = $true; Words = @('auto', 'tty', 'plain', 'json', 'quiet') }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $true; Tasks = $true })
        }
        'download' = @{
            Help = 'Fetch the videos of finished tasks again, free of charge.'
            Flags = [ordered]@{
                '--output' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '-o' = @{ Help = 'Folder of the video, or its name.'; Takes = $true; Words = @() }
                '--force' = @{ Help = 'Replace files that are there.'; Takes = $false; Words = @() }
                '--timeout' = @{ Help = 'Stop waiting after so long (90s, 30m, 2h); the tasks go on.'; Takes = $true; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--api-key-file' = @{ Help = 'File that holds the key (else KIRIN_API_KEY).'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--jsonl' = @{ Help = 'Print the result as JSON, one object a line.'; Takes = $false; Words = @() }
                '--format' = @{ Help = 'Print a line for each through a template of JSON fields: ''{name}\t{outputs.0.sha256}''.'; Takes = $true; Words = @() }
                '--preview' = @{ Help = 'Draw the first frame, on terminals that show pictures (extra: preview).'; Takes = $false; Words = @() }
                '--open' = @{ Help = 'Open the videos in the system''s player at the end.'; Takes = $false; Words = @() }
                '--notify' = @{ Help = 'Notify at the end: on the desktop, else with the terminal''s bell.'; Takes = $false; Words = @() }
                '--quiet' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '-q' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '--verbose' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '--progress' = @{ Help = 'How to show progress on standard error.'; Takes = $true; Words = @('auto', 'tty', 'plain', 'json', 'quiet') }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $true; Tasks = $true })
        }
        'resume' = @{
            Help = 'Finish whatever is unfinished.'
            Flags = [ordered]@{
                '--jobs' = @{ Help = 'How many tasks may be in flight at once.'; Takes = $true; Words = @() }
                '-j' = @{ Help = 'How many tasks may be in flight at once.'; Takes = $true; Words = @() }
                '--timeout' = @{ Help = 'Stop waiting after so long (90s, 30m, 2h); the tasks go on.'; Takes = $true; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--api-key-file' = @{ Help = 'File that holds the key (else KIRIN_API_KEY).'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--jsonl' = @{ Help = 'Print the result as JSON, one object a line.'; Takes = $false; Words = @() }
                '--format' = @{ Help = 'Print a line for each through a template of JSON fields: ''{name}\t{outputs.0.sha256}''.'; Takes = $true; Words = @() }
                '--preview' = @{ Help = 'Draw the first frame, on terminals that show pictures (extra: preview).'; Takes = $false; Words = @() }
                '--open' = @{ Help = 'Open the videos in the system''s player at the end.'; Takes = $false; Words = @() }
                '--notify' = @{ Help = 'Notify at the end: on the desktop, else with the terminal''s bell.'; Takes = $false; Words = @() }
                '--quiet' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '-q' = @{ Help = 'Print only errors and paths.'; Takes = $false; Words = @() }
                '--verbose' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '--progress' = @{ Help = 'How to show progress on standard error.'; Takes = $true; Words = @('auto', 'tty', 'plain', 'json', 'quiet') }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $true; Tasks = $true })
        }
        'resolve' = @{
            Help = 'Decide about a submission whose outcome is unknown.'
            Flags = [ordered]@{
                '--adopt' = @{ Help = 'It became this task of the service.'; Takes = $true; Words = @() }
                '--resend' = @{ Help = 'It was not created: send it again. May cost twice.'; Takes = $false; Words = @() }
                '--abandon' = @{ Help = 'Forget it. May have cost something.'; Takes = $false; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--verbose' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @(); Repeats = $false; Tasks = $true })
        }
        'usage' = @{
            Help = 'Show what was spent, by model, day or job file.'
            Flags = [ordered]@{
                '--by' = @{ Help = 'What to sum up by.'; Takes = $true; Words = @('model', 'day', 'month', 'file', 'service') }
                '--since' = @{ Help = 'Only the last 2h, 7d ..., or since a day: 2026-11-28.'; Takes = $true; Words = @() }
                '--all-services' = @{ Help = 'Also of services other than that of the settings.'; Takes = $false; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--jsonl' = @{ Help = 'Print the result as JSON, one object a line.'; Takes = $false; Words = @() }
                '--format' = @{ Help = 'Print a line for each through a template of JSON fields: ''{name}\t{outputs.0.sha256}''.'; Takes = $true; Words = @() }
                '--csv' = @{ Help = 'Print the table as CSV.'; Takes = $false; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @()
        }
        'models' = @{
            Help = 'Show the models, one model''s parameters; take in more models.'
            Flags = [ordered]@{
                '--user' = @{ Help = 'Of add and remove: in your own folder, not the project''s.'; Takes = $false; Words = @() }
                '--force' = @{ Help = 'Replace files that are there.'; Takes = $false; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @('add', 'diff', 'remove', 'search', 'v1-t2v', 'v1-5-i2v', 'v1-6-multi-i2v', 'motion-control', 'video-o1', 'kirin_v1_t2v', 'kirin_v1_5_i2v', 'kirin_v1_6_multi_i2v', 'kirin_motion_control', 'kirin_video_o1'); Repeats = $false; Tasks = $false }, @{ Words = @(); Repeats = $true; Tasks = $false })
        }
        'auth' = @{
            Help = 'Store the API key, say where it comes from, forget it.'
            Flags = [ordered]@{
                '--offline' = @{ Help = 'Store the key without asking the service.'; Takes = $false; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--api-key-file' = @{ Help = 'File that holds the key (else KIRIN_API_KEY).'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--verbose' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @('login', 'status', 'logout'); Repeats = $false; Tasks = $false })
        }
        'config' = @{
            Help = 'Show the settings, each with where it comes from.'
            Flags = [ordered]@{
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @('set'); Repeats = $false; Tasks = $false }, @{ Words = @('api_key_file', 'base_url', 'upload_url', 'models_url', 'dialect', 'state_dir', 'output_dir', 'jobs', 'max_jobs', 'timeout', 'max_cost', 'scope', 'progress', 'poll_seconds', 'settle_seconds', 'result_wait', 'missing_wait'); Repeats = $false; Tasks = $false }, @{ Words = @(); Repeats = $false; Tasks = $false })
        }
        'doctor' = @{
            Help = 'Check the set-up: key, service, folders, ledger, clock.'
            Flags = [ordered]@{
                '--offline' = @{ Help = 'Ask the service nothing.'; Takes = $false; Words = @() }
                '--profile' = @{ Help = 'Profile of your settings file (else KIRIN_PROFILE).'; Takes = $true; Words = @() }
                '--base-url' = @{ Help = 'Where the service is (KIRIN_BASE_URL).'; Takes = $true; Words = @() }
                '--api-key-file' = @{ Help = 'File that holds the key (else KIRIN_API_KEY).'; Takes = $true; Words = @() }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--verbose' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each exchange with the service on standard error, without key and Base64.'; Takes = $false; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @()
        }
        'sandbox' = @{
            Help = 'Serve the protocol on this machine, for trying things and testing pipelines.'
            Flags = [ordered]@{
                '--host' = @{ Help = 'Where it listens; beyond this machine only with --key.'; Takes = $true; Words = @() }
                '--port' = @{ Help = 'Port of the API; 0: any.'; Takes = $true; Words = @() }
                '--one-port' = @{ Help = 'Serve files at the port of the API too, instead of one of their own.'; Takes = $false; Words = @() }
                '--key' = @{ Help = 'The API key it takes; a random one by default.'; Takes = $true; Words = @() }
                '--seed' = @{ Help = 'Make ids, times and failures repeatable.'; Takes = $true; Words = @() }
                '--speed' = @{ Help = 'How many times faster than the service it works.'; Takes = $true; Words = @() }
                '--latency' = @{ Help = 'Time that it waits before each answer.'; Takes = $true; Words = @() }
                '--fail-rate' = @{ Help = 'Share of tasks that fail, 0 to 1.'; Takes = $true; Words = @() }
                '--fault' = @{ Help = 'What goes wrong, e.g. post:503@2. Repeatable.'; Takes = $true; Words = @() }
                '--models' = @{ Help = 'Serve and judge by this model too, beside yours. Repeatable.'; Takes = $true; Words = @() }
                '--shell' = @{ Help = 'For which shell it prints the variables.'; Takes = $true; Words = @('bash', 'zsh', 'fish', 'powershell', 'cmd') }
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--verbose' = @{ Help = 'Show each request that comes in.'; Takes = $false; Words = @() }
                '-v' = @{ Help = 'Show each request that comes in.'; Takes = $false; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @()
        }
        'completion' = @{
            Help = 'Print the completion script for a shell.'
            Flags = [ordered]@{
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @('bash', 'zsh', 'fish', 'powershell'); Repeats = $false; Tasks = $false })
        }
        'help' = @{
            Help = 'Explain a command or a topic; list every command as JSON.'
            Flags = [ordered]@{
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--color' = @{ Help = 'When to use colours.'; Takes = $true; Words = @('auto', 'always', 'never') }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @(@{ Words = @('exit-codes', 'environment', 'job-files', 'sandbox', 'agents', 'v1-t2v', 'v1-5-i2v', 'v1-6-multi-i2v', 'motion-control', 'video-o1', 'again', 'run', 'validate', 'plan', 'report', 'init', 'schema', 'list', 'show', 'open', 'wait', 'download', 'resume', 'resolve', 'usage', 'models', 'auth', 'config', 'doctor', 'completion', 'help', 'version'); Repeats = $false; Tasks = $false })
        }
        'version' = @{
            Help = 'Print the version, and those of the libraries as JSON.'
            Flags = [ordered]@{
                '--json' = @{ Help = 'Print the result as JSON.'; Takes = $false; Words = @() }
                '--help' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
                '-h' = @{ Help = 'Show help.'; Takes = $false; Words = @() }
            }
            Arguments = @()
        }
    }
    $names = @{
        'kirin_v1_t2v' = 'v1-t2v'
        'kirin_v1_5_i2v' = 'v1-5-i2v'
        'kirin_v1_6_multi_i2v' = 'v1-6-multi-i2v'
        'kirin_motion_control' = 'motion-control'
        'kirin_video_o1' = 'video-o1'
    }

    $command = $null
    $taker = $null
    $number = 0
    $flags = $before
    $done = @($ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursor })
    foreach ($token in ($done | ForEach-Object { $_.Extent.Text })) {
        if ($taker) {
            $taker = $null
        } elseif ($token.StartsWith('-')) {
            if ($flags.Contains($token) -and $flags[$token].Takes) { $taker = $flags[$token] }
        } elseif (-not $command) {
            $command = $commands[$(if ($names.ContainsKey($token)) { $names[$token] } else { $token })]
            if (-not $command) { return }
            $flags = $command.Flags
        } else {
            $number += 1
        }
    }

    $prefix = ''
    $start = $word
    $offered = [ordered]@{}
    if (-not $taker -and $word -match '^(--[^=]+)=(.*)$' -and $flags.Contains($Matches[1])) {
        $prefix = $Matches[1] + '='
        $start = $Matches[2]
        $taker = $flags[$Matches[1]]
    }
    if ($taker) {
        foreach ($choice in $taker.Words) { $offered[$choice] = $choice }
    } elseif ($word.StartsWith('-')) {
        foreach ($flag in $flags.Keys) { $offered[$flag] = $flags[$flag].Help }
    } elseif (-not $command) {
        foreach ($name in $commands.Keys) { $offered[$name] = $commands[$name].Help }
        if ($word) { foreach ($name in $names.Keys) { $offered[$name] = $commands[$names[$name]].Help } }
    } elseif ($command.Arguments.Count) {
        $argument = $command.Arguments[$number]
        if (-not $argument -and $command.Arguments[-1].Repeats) { $argument = $command.Arguments[-1] }
        foreach ($choice in $argument.Words) { $offered[$choice] = $choice }
        if ($argument.Tasks) {
            # kirin keeps a list of recent tasks beside its ledger.
            $folders = @($env:KIRIN_STATE_DIR)
            if (-not $env:KIRIN_STATE_DIR) {
                $state = if ($env:XDG_STATE_HOME) { $env:XDG_STATE_HOME } else { "$HOME/.local/state" }
                $folders = @("$env:LOCALAPPDATA/kirin", "$state/kirin", "$HOME/Library/Application Support/kirin")
            }
            $files = @($folders | ForEach-Object { "$_/recent-tasks" } | Where-Object { Test-Path -LiteralPath $_ })
            if ($files) {
                foreach ($line in (Get-Content -LiteralPath $files[0] -Encoding UTF8)) {
                    $id, $about = $line -split "`t", 2
                    $offered[$id] = $about
                }
                $offered['last'] = 'the newest'
            }
        }
    }
    foreach ($text in $offered.Keys) {
        if ($text.StartsWith($start)) {
            $help = if ($offered[$text]) { $offered[$text] } else { $text }
            [System.Management.Automation.CompletionResult]::new($prefix + $text, $text, 'ParameterValue', $help)
        }
    }
}
