"use strict";

const talk = document.getElementById("talk");
const form = document.getElementById("ask");
const message = document.getElementById("message");
const send = document.getElementById("send");
const stop = document.getElementById("stop");
let answer = null; // the EventSource that is being read

function say(who, text) {
	const line = document.createElement("li");
	line.className = who;
	line.textContent = text;
	talk.append(line);
	return line;
}

function show(line) {
	line.scrollIntoView({ block: "end" });
}

function finish() {
	answer.close();
	answer = null;
	talk.lastElementChild.classList.remove("open");
	send.hidden = false;
	stop.hidden = true;
	message.focus();
}

function fail(text) {
	talk.lastElementChild.classList.add("failed");
	talk.lastElementChild.textContent += text;
	finish();
}

form.addEventListener("submit", (event) => {
	event.preventDefault();
	say("you", message.value);
	const line = say("model open", "");
	const query = new URLSearchParams({ message: message.value });
	answer = new EventSource("/chat?" + query);
	answer.addEventListener("word", (event) => {
		line.textContent += JSON.parse(event.data) + " ";
		show(line);
	});
	answer.addEventListener("end", finish);
	answer.addEventListener("failed",
		(event) => fail(JSON.parse(event.data)));
	// Without this it would connect again, and ask again.
	answer.onerror = () => fail("The connection was lost.");
	form.reset();
	send.hidden = true;
	stop.hidden = false;
	show(line);
});

stop.addEventListener("click", finish);
