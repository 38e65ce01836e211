// Asks Prompt Portal over MQTT from Unity 2021.2 or newer (or any .NET). It needs MQTTnet 4 (MIT; put its netstandard2.1
// MQTTnet.dll into Assets/Plugins) and the package com.unity.nuget.newtonsoft-json.
//
//     var portal = new PortalMqtt("maze-game-k3f9x2", "pp_…");
//     await portal.OpenAsync("wss://portal.example.org/mqtt");
//     string answer = await portal.AskAsync("level-1", "Which way is out?", text => said += text);
//
// The names come from POST /api/devices. Answers arrive on another thread: hand them to Unity's main one.
using System;
using System.Collections.Concurrent;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet;
using MQTTnet.Client;
using MQTTnet.Protocol;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

public sealed class PortalMqtt : IDisposable
{
    private readonly IMqttClient _client = new MqttFactory().CreateMqttClient();
    private readonly ConcurrentDictionary<string, Waiting> _waiting = new ConcurrentDictionary<string, Waiting>();
    private readonly string _name;
    private readonly string _secret;

    private sealed class Waiting
    {
        public readonly TaskCompletionSource<string> Answer = new TaskCompletionSource<string>();
        public Action<string> OnText;
    }

    public PortalMqtt(string client, string secret)
    {
        _name = client;
        _secret = secret;
        _client.ApplicationMessageReceivedAsync += Hear;
        _client.DisconnectedAsync += GiveUp;
    }

    public async Task OpenAsync(string url, CancellationToken stop = default)
    {
        var options = new MqttClientOptionsBuilder()
            .WithWebSocketServer(server => server.WithUri(url))
            .WithClientId(_name)
            .WithCredentials(_name, _secret)
            .WithWillTopic($"pp/v1/{_name}/status")
            .WithWillPayload("{\"state\": \"offline\", \"cancel\": true}")
            .Build();
        await _client.ConnectAsync(options, stop);
        await _client.SubscribeAsync($"pp/v1/{_name}/res/#", MqttQualityOfServiceLevel.AtLeastOnce, stop);
    }

    public async Task<string> AskAsync(
        string session, string message, Action<string> onText = null, CancellationToken stop = default)
    {
        var id = Guid.NewGuid().ToString("N");
        var waiting = new Waiting { OnText = onText };
        _waiting[id] = waiting;
        var body = new { id, session_id = session, message, stream = true };
        await PublishAsync($"pp/v1/{_name}/req", JsonConvert.SerializeObject(body));
        using (stop.Register(() => PublishAsync($"pp/v1/{_name}/cancel/{id}", "{}")))
            return await waiting.Answer.Task;
    }

    public void Dispose() => _client.Dispose();

    private Task PublishAsync(string topic, string payload) =>
        _client.PublishStringAsync(topic, payload, MqttQualityOfServiceLevel.AtLeastOnce);

    private Task Hear(MqttApplicationMessageReceivedEventArgs args)
    {
        var bytes = args.ApplicationMessage.PayloadSegment;
        var frame = JObject.Parse(Encoding.UTF8.GetString(bytes.Array, bytes.Offset, bytes.Count));
        var id = (string)frame["id"];
        if (id == null || !_waiting.TryGetValue(id, out var waiting)) // what was said by another door has no id
            return Task.CompletedTask;
        switch ((string)frame["type"])
        {
            case "delta":
                waiting.OnText?.Invoke((string)frame["text"] ?? "");
                break;
            case "final":
                _waiting.TryRemove(id, out _);
                waiting.Answer.TrySetResult((string)frame["text"]);
                break;
            case "error":
                _waiting.TryRemove(id, out _);
                waiting.Answer.TrySetException(new InvalidOperationException((string)frame["error"]["message"]));
                break;
        }
        return Task.CompletedTask;
    }

    private Task GiveUp(MqttClientDisconnectedEventArgs args)
    {
        foreach (var waiting in _waiting.Values)
            waiting.Answer.TrySetException(new InvalidOperationException("The connection broke."));
        _waiting.Clear();
        return Task.CompletedTask;
    }
}
