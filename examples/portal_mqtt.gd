## Asks Prompt Portal over MQTT from Godot 4, by WebSocket through the portal's own address. No add-on is needed.
##
##     var portal := PortalMqtt.new()
##     add_child(portal)
##     portal.said.connect(func(text): $Label.text += text)
##     portal.answered.connect(func(text): $Label.text = text)
##     portal.open("wss://portal.example.org/mqtt", "maze-game-k3f9x2", "pp_…")
##     portal.ready_to_ask.connect(func(): portal.ask("level-1", "Which way is out?"))
##
## The names come from POST /api/devices. It speaks as much of MQTT 3.1.1 as a game needs, at QoS 0 and 1.
class_name PortalMqtt
extends Node

signal ready_to_ask
signal said(text: String)
signal answered(text: String)
signal failed(message: String)

const KEEPALIVE_SECONDS := 30
const CONNACK := 0x20
const PUBLISH := 0x30
const SUBACK := 0x90

var _socket := WebSocketPeer.new()
var _client := ""
var _secret := ""
var _is_opened := false
var _is_greeted := false
var _packet_id := 0
var _start := randi()  # ids of an earlier start would be answered from the store
var _request := 0
var _silent_for := 0.0
var _buffer := PackedByteArray()


func open(url: String, client: String, secret: String) -> void:
	_client = client
	_secret = secret
	_is_opened = true
	_is_greeted = false
	_buffer.clear()
	_socket.supported_protocols = PackedStringArray(["mqtt"])
	_socket.connect_to_url(url)


func ask(session: String, message: String) -> String:
	_request += 1
	var id := "%08x-%d" % [_start, _request]
	var body := {"id": id, "session_id": session, "message": message, "stream": true}
	_publish("pp/v1/%s/req" % _client, JSON.stringify(body))
	return id


func cancel(id: String) -> void:
	_publish("pp/v1/%s/cancel/%s" % [_client, id], "{}")


func _process(delta: float) -> void:
	_socket.poll()
	if _socket.get_ready_state() == WebSocketPeer.STATE_CLOSED:
		if _is_opened:
			_is_opened = false
			failed.emit("The connection is closed.")
		return
	if _socket.get_ready_state() != WebSocketPeer.STATE_OPEN:
		return
	if not _is_greeted:
		_is_greeted = true
		_greet()
	_silent_for += delta
	if _silent_for > KEEPALIVE_SECONDS / 2.0:
		_send(PackedByteArray([0xC0, 0x00]))  # PINGREQ
	while _socket.get_available_packet_count() > 0:
		_buffer.append_array(_socket.get_packet())
	while _take_packet():
		pass


func _greet() -> void:
	var body := _text("MQTT") + PackedByteArray([4, 0xC2, 0, KEEPALIVE_SECONDS])
	_send(_packet(0x10, body + _text(_client) + _text(_client) + _text(_secret)))


func _publish(topic: String, payload: String) -> void:
	_packet_id = _packet_id % 65535 + 1
	var body := _text(topic) + PackedByteArray([_packet_id >> 8, _packet_id & 0xFF])
	_send(_packet(PUBLISH | 0x02, body + payload.to_utf8_buffer()))


func _take_packet() -> bool:
	var length := 0
	var head := 1
	while true:
		if head >= _buffer.size():
			return false
		length |= (_buffer[head] & 0x7F) << (7 * (head - 1))
		head += 1
		if _buffer[head - 1] < 0x80:
			break
	if _buffer.size() < head + length:
		return false
	var kind := _buffer[0]
	var body := _buffer.slice(head, head + length)
	_buffer = _buffer.slice(head + length)
	_handle(kind, body)
	return true


func _handle(kind: int, body: PackedByteArray) -> void:
	match kind & 0xF0:
		CONNACK:
			if body[1] != 0:
				failed.emit("The broker refused: %d" % body[1])
				return
			var wish := PackedByteArray([0, 1]) + _text("pp/v1/%s/res/#" % _client) + PackedByteArray([1])
			_send(_packet(0x82, wish))
		SUBACK:
			ready_to_ask.emit()
		PUBLISH:
			var start := 2 + (body[0] << 8 | body[1])
			if kind & 0x06:
				_send(PackedByteArray([0x40, 0x02, body[start], body[start + 1]]))  # PUBACK
				start += 2
			_hear(JSON.parse_string(body.slice(start).get_string_from_utf8()))


func _hear(frame: Variant) -> void:
	if not frame is Dictionary:
		return
	match frame.get("type"):
		"delta":
			said.emit(frame.get("text", ""))
		"final":
			answered.emit(frame["text"])
		"error":
			failed.emit(frame["error"]["message"])


func _send(packet: PackedByteArray) -> void:
	_silent_for = 0.0
	_socket.send(packet, WebSocketPeer.WRITE_MODE_BINARY)


func _packet(kind: int, body: PackedByteArray) -> PackedByteArray:
	var packet := PackedByteArray([kind])
	var left := body.size()
	while true:
		var part := left & 0x7F
		left >>= 7
		packet.append(part | (0x80 if left > 0 else 0))
		if left == 0:
			break
	return packet + body


func _text(text: String) -> PackedByteArray:
	var bytes := text.to_utf8_buffer()
	return PackedByteArray([bytes.size() >> 8, bytes.size() & 0xFF]) + bytes
