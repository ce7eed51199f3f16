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
        /// <summary>Says it back, with what came as metadata <c>x-said</c> in the headers and the trailers.</summary>
        public async Task<StringValue> SayAsync(StringValue request, ServerCallContext context)
        {
            if (request.Value == "fail") throw new RpcException(new Status(StatusCode.NotFound, "no such word"));
            var said = context.RequestHeaders.GetValue("x-said") ?? "";
            await context.WriteResponseHeadersAsync(new Metadata { { "x-heard", said } });
            context.ResponseTrailers.Add("x-trailer", said);
            return new StringValue { Value = $"{request.Value}|{context.RequestHeaders.GetValue("dapr-app-id")}" };
        }

        public static async Task CountAsync(StringValue request, IServerStreamWriter<StringValue> answers)
        {
            for (var i = 0; i < int.Parse(request.Value, null); i++) await answers.WriteAsync(new StringValue { Value = $"{i}" });
        }

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
            context.AddServerStreamingMethod(Count, [], (_, request, answers, _) => Speaker.CountAsync(request, answers));
            context.AddClientStreamingMethod(Join, [], (_, requests, _) => Speaker.JoinAsync(requests));
            context.AddDuplexStreamingMethod(Echo, [], (_, requests, answers, _) => Speaker.EchoAsync(requests, answers));
        }
    }
}
