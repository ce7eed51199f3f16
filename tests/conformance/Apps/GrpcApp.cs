using System.Collections.Concurrent;
using DaprShop.Conformance.Tests.Sidecars;
using Google.Protobuf.WellKnownTypes;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Conformance.Tests.Apps;

/// <summary>An app with a gRPC service of its own, which sidecars know nothing about: <c>conformance.Speaker</c>.</summary>
internal static class GrpcApp
{
    public static readonly Method<StringValue, StringValue> Say = Method(MethodType.Unary, "Say");
    public static readonly Method<StringValue, StringValue> Count = Method(MethodType.ServerStreaming, "Count");
    public static readonly Method<StringValue, StringValue> Join = Method(MethodType.ClientStreaming, "Join");
    public static readonly Method<StringValue, StringValue> Echo = Method(MethodType.DuplexStreaming, "Echo");
    public static readonly Method<StringValue, StringValue> Break = Method(MethodType.Unary, "Break");
    public static readonly Method<StringValue, StringValue> Unknown = Method(MethodType.Unary, "Unknown");

    public static void AddServices(IServiceCollection services)
    {
        services.AddGrpc();
        services.AddSingleton<IServiceMethodProvider<Speaker>, SpeakerMethods>();
    }

    public static void Map(WebApplication app, TestApp log) => app.MapGrpcService<Speaker>();

    private static Method<StringValue, StringValue> Method(MethodType type, string name)
    {
        var marshaller = Marshallers.Create(
            message => Google.Protobuf.MessageExtensions.ToByteArray(message), StringValue.Parser.ParseFrom);
        return new Method<StringValue, StringValue>(type, "conformance.Speaker", name, marshaller, marshaller);
    }

    internal sealed class Speaker
    {
        private static readonly ConcurrentDictionary<string, int> s_tries = new();

        /// <summary>
        /// Says it back, with what came as metadata <c>x-said</c> in the headers and the trailers. <c>fail/{mark}/2/14</c> fails twice, with
        /// that status, and says which try it was; <c>slow</c> takes three seconds.
        /// </summary>
        public async Task<StringValue> SayAsync(StringValue request, ServerCallContext context)
        {
            if (request.Value == "fail") throw new RpcException(new Status(StatusCode.NotFound, "no such word"));
            if (request.Value == "slow") await Task.Delay(3000);
            var word = request.Value;
            if (word.Split('/') is ["fail", var mark, var times, var code])
            {
                var tries = s_tries.AddOrUpdate(mark, 1, (_, before) => before + 1);
                word = $"try {tries}";
                if (tries <= int.Parse(times, null)) throw new RpcException(new Status((StatusCode)int.Parse(code, null), word));
            }
            var said = context.RequestHeaders.GetValue("x-said") ?? "";
            await context.WriteResponseHeadersAsync(new Metadata { { "x-heard", said } });
            context.ResponseTrailers.Add("x-trailer", said);
            return new StringValue { Value = $"{word}|{context.RequestHeaders.GetValue("dapr-app-id")}" };
        }

        /// <summary>Counts to <c>5</c>, or to <c>5/100</c> with so many milliseconds before each.</summary>
        public static async Task CountAsync(StringValue request, IServerStreamWriter<StringValue> answers)
        {
            var parts = request.Value.Split('/');
            for (var i = 0; i < int.Parse(parts[0], null); i++)
            {
                if (parts.Length > 1) await Task.Delay(int.Parse(parts[1], null));
                await answers.WriteAsync(new StringValue { Value = $"{i}" });
            }
        }

        public static Task<StringValue> BreakAsync() => throw new RpcException(new Status(StatusCode.NotFound, "broken"));

        public static async Task<StringValue> JoinAsync(IAsyncStreamReader<StringValue> requests)
        {
            var words = new List<string>();
            await foreach (var word in requests.ReadAllAsync()) words.Add(word.Value);
            return new StringValue { Value = string.Join(",", words) };
        }

        public static async Task EchoAsync(IAsyncStreamReader<StringValue> requests, IServerStreamWriter<StringValue> answers)
        {
            await foreach (var word in requests.ReadAllAsync()) await answers.WriteAsync(word);
        }
    }

    private sealed class SpeakerMethods : IServiceMethodProvider<Speaker>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<Speaker> context)
        {
            context.AddUnaryMethod(Say, [], (speaker, request, call) => speaker.SayAsync(request, call));
            context.AddUnaryMethod(Break, [], (_, _, _) => Speaker.BreakAsync());
            context.AddServerStreamingMethod(Count, [], (_, request, answers, _) => Speaker.CountAsync(request, answers));
            context.AddClientStreamingMethod(Join, [], (_, requests, _) => Speaker.JoinAsync(requests));
            context.AddDuplexStreamingMethod(Echo, [], (_, requests, answers, _) => Speaker.EchoAsync(requests, answers));
        }
    }
}
